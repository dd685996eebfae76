/** `invalid-identity`: the text is no identity. `bad-random`: the random source yields nothing usable. */
export type IdentityErrorCode = 'invalid-identity' | 'bad-random';

/** What every function of this package throws. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
