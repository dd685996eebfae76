/**
 * The last output of a terminal, to be shown to whoever attaches later. Whole chunks are let go from the front, so it
 * holds at most its bound and one chunk, but for what it was told to keep whole.
 */
export class Scrollback {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #cut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** It holds as much as it may: the next chunk costs the first. */
  get full(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** @param whole nothing is let go for it */
  push(chunk: Uint8Array, whole = false): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (!whole && this.#bytes > this.#maxBytes && this.#chunks.length > 1) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
      this.#cut = true;
    }
  }

  /**
   * What to show: from the first whole line where the beginning is gone, and without the questions that a program asked
   * its terminal, since the new terminal's answers would reach the program as input.
   */
  replay(): Uint8Array {
    const all = Buffer.concat(this.#chunks);
    const start = this.#cut ? all.indexOf(0x0a) + 1 : 0;
    return Buffer.from(all.toString('latin1', start).replace(QUESTIONS, ''), 'latin1');
  }
}

/**
 * Requests that a terminal answers on its own, as listed in XTerm Control Sequences (invisible-island.net): device
 * attributes and status, XTVERSION, DECRQM, window reports, colour queries, XTGETTCAP and DECRQSS, and kitty's keyboard query.
 */
const QUESTIONS = new RegExp(
  [
    '\\x1b\\[[>=]?0?c',
    '\\x1b\\[>0?q',
    '\\x1b\\[\\??\\d*n',
    '\\x1b\\[\\??\\d+\\$p',
    '\\x1b\\[(?:1[1-9]|2[01])t',
    '\\x1b\\[\\?u',
    '\\x1b\\]\\d+;(?:\\d+;)?\\?(?:\\x07|\\x1b\\\\)',
    '\\x1bP[+$]q[^\\x1b]*\\x1b\\\\',
  ].join('|'),
  'g',
);
