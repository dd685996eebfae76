/** How each private mode that a program may leave on is put back (XTerm Control Sequences, DECSET and DECRST). */
const UNDO: ReadonlyMap<string, string> = new Map(
  [
    '1',
    '9',
    '1000',
    '1002',
    '1003',
    '1004',
    '1005',
    '1006',
    '1015',
    '2004',
    '2026',
    '2031',
    '47',
    '1047',
    '1049',
  ].map(mode => [mode, `\x1b[?${mode}l`]),
);
/** On by default, so off is what has to be undone. */
const CURSOR = '25';
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const SEQUENCE = /\x1b(?:\[\?([\d;]+)([hl])|\[>(\d+)u|\[<(\d*)u|([=>]))/g;
/** A sequence may be split between two chunks; none that is looked for is longer than this. */
const LONGEST = 64;

/**
 * Follows what a program sets of the terminal beside its text, so that a terminal that leaves in the middle (detach) or
 * after a killed program is handed back as it was found.
 */
export class TerminalModes {
  readonly #on = new Set<string>();
  #keyboard = 0;
  #keypad = false;
  #tail = '';

  see(output: Uint8Array): void {
    const text = this.#tail + Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1');
    let end = 0;
    for (const match of text.matchAll(SEQUENCE)) {
      end = match.index + match[0].length;
      this.#apply(match);
    }
    this.#tail = text.slice(Math.max(end, text.length - LONGEST));
  }

  /** What to write to the terminal to undo it; "" when nothing is left on. */
  restore(): string {
    const undo = [...this.#on].map(mode => (mode === CURSOR ? '\x1b[?25h' : (UNDO.get(mode) ?? '')));
    return [
      this.#keyboard > 0 ? `\x1b[<${this.#keyboard}u` : '',
      this.#keypad ? '\x1b>' : '',
      ...undo,
      undo.length > 0 ? '\x1b[0m' : '',
    ].join('');
  }

  #apply([, modes, action, push, pop, keypad]: RegExpMatchArray): void {
    for (const mode of modes?.split(';') ?? []) {
      const set = action === (mode === CURSOR ? 'l' : 'h');
      if (set && (mode === CURSOR || UNDO.has(mode))) {
        this.#on.add(mode);
      } else {
        this.#on.delete(mode);
      }
    }
    if (push !== undefined) {
      this.#keyboard += 1;
    }
    if (pop !== undefined) {
      this.#keyboard = Math.max(0, this.#keyboard - Number(pop || 1));
    }
    if (keypad !== undefined) {
      this.#keypad = keypad === '=';
    }
  }
}
