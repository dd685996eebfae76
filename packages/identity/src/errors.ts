/** `invalid-identity`: the text is no identity. `bad-random`: the random source yields nothing usable. */
export type IdentityErrorCode = 'invalid-identity' | 'bad-random';

export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
