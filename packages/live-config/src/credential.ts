import { isAbsolute } from 'node:path';

/**
 * A credential, by reference: the proxy fetches the value outside the bottle when it needs it. Exactly one of `env`, `file`
 * and `command` says where from.
 */
export type Credential = CredentialSource & {
  /** Name of the header that carries the value as it is, in lower case; undefined: `Authorization: Bearer <value>`. */
  readonly header?: string;
};

type CredentialSource =
  /** The variable of the proxy's environment that holds it. */
  | { readonly env: string; readonly file?: never; readonly command?: never }
  /** Absolute path of the file that holds it (surrounding white space does not count). */
  | { readonly file: string; readonly env?: never; readonly command?: never }
  /** The program, looked up in PATH, and its arguments (no shell); it prints the value. Never empty. */
  | { readonly command: readonly string[]; readonly env?: never; readonly file?: never };

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/; // RFC 9110, section 5.6.2, in lower case
/** Headers that frame or route a message (RFC 9110, section 7.6.1): injecting one would smuggle. */
const FRAMING = /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|proxy-.*)$/;

/** The keys that would hold a credential itself. */
export const VALUE_KEYS: readonly string[] = [
  'value',
  'token',
  'secret',
  'password',
  'key',
  'api_key',
  'bearer',
];
export const NEVER_BY_VALUE =
  'a credential is named and never written here, since this file is readable: use env, file or command';

/** What is wrong with a part, without repeating it (it could be a secret put there by mistake); undefined: nothing. */
export function envProblem(name: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? undefined
    : 'env must be the name of an environment variable';
}

export function fileProblem(path: string): string | undefined {
  return isAbsolute(path) && !path.includes('\0') ? undefined : 'file must be an absolute path';
}

export function commandProblem(command: readonly string[]): string | undefined {
  const runnable =
    command[0] !== undefined && command[0] !== '' && !command.some(word => word.includes('\0'));
  return runnable ? undefined : 'command must be a program and its arguments, without NUL';
}

export function headerProblem(header: string): string | undefined {
  if (!TOKEN.test(header)) return 'header must be the name of an HTTP header';
  return FRAMING.test(header) ? 'header must not be one that frames or routes the message' : undefined;
}
