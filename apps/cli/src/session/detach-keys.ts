import { SessionError } from './errors.js';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Docker's names (moby/term, ToBytes): a character, or ctrl- with a-z, @, [, \, ], ^ or _. */
const KEY = /^(?:ctrl-([a-z@[\\\]^_])|([\x20-\x7e]))$/;

/**
 * The bytes of a sequence in Docker's syntax, `ctrl-p,ctrl-q`; "" is none at all, so nothing detaches.
 * Throws SessionError 'bad-detach-keys'.
 */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from(text === '' ? [] : text.split(','), key => {
    const [, control, plain] = KEY.exec(key) ?? [];
    if (control !== undefined) {
      return control.toUpperCase().charCodeAt(0) - 64;
    }
    if (plain === undefined) {
      throw new SessionError(
        'bad-detach-keys',
        `"${key}" is no key: expected one character, or ctrl- and one of a-z @ [ \\ ] ^ _`,
      );
    }
    return plain.charCodeAt(0);
  });
}

/**
 * Finds the sequence in what is typed. Keys that may become the sequence are held back, and let through as soon as they
 * cannot: so ctrl-p alone reaches the agent with the key after it, as with Docker.
 */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** `input` is for the agent; once `detached`, what follows the sequence is nobody's. */
  scan(typed: Uint8Array): { input: Uint8Array; detached: boolean } {
    const input: number[] = [];
    for (const byte of typed) {
      while (this.#matched > 0 && byte !== this.#keys[this.#matched]) {
        // The longest end of what was held that still begins the sequence stays held.
        const held = this.#keys.subarray(0, this.#matched);
        const kept = longestBorder(held);
        input.push(...held.subarray(0, held.length - kept));
        this.#matched = kept;
      }
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
      } else {
        input.push(byte);
      }
      if (this.#matched > 0 && this.#matched === this.#keys.length) {
        return { input: Uint8Array.from(input), detached: true };
      }
    }
    return { input: Uint8Array.from(input), detached: false };
  }
}

function longestBorder(bytes: Uint8Array): number {
  for (let length = bytes.length - 1; length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).every((byte, index) => byte === bytes[index])) {
      return length;
    }
  }
  return 0;
}
