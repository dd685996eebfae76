/** The first place at which a text stops being JSON (RFC 8259), or nests deeper than `maxDepth`. */
export interface JsonFault {
  /** UTF-16 units from 0; the length of the text where it ends too early. */
  readonly offset: number;
  readonly problem: string;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Engines word their errors differently and often name no position, so the place is found here. Null for good JSON. */
export function findFault(text: string, maxDepth: number): JsonFault | null {
  const scan = new Scanner(text);
  const open: ('}' | ']')[] = [];
  for (;;) {
    // A value stands here, unless an empty array or object ends.
    const bracket = scan.take('{') ? '}' : scan.take('[') ? ']' : undefined;
    if (bracket !== undefined) {
      open.push(bracket);
      if (open.length > maxDepth)
        return { offset: scan.at - 1, problem: `nested deeper than ${maxDepth} levels` };
      if (!scan.take(bracket)) {
        if (bracket === '}' && !scan.key()) return scan.fault;
        continue;
      }
      open.pop();
    } else if (!scan.scalar()) return scan.fault;
    // A value has ended, and with it perhaps what holds it.
    let holder = open.at(-1);
    while (holder !== undefined && scan.take(holder)) {
      open.pop();
      holder = open.at(-1);
    }
    if (holder === undefined) return scan.end() ? null : scan.fault;
    if (!scan.take(',')) return scan.expected(`"," or "${holder}"`);
    if (holder === '}' && !scan.key()) return scan.fault;
  }
}

class Scanner {
  at = 0;
  fault: JsonFault = { offset: 0, problem: '' };
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  take(sign: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  scalar(): boolean {
    if (this.#text[this.at] === '"') return this.#string();
    return this.#match(SCALAR) || this.#fails('a value');
  }

  /** A member's name and its colon. */
  key(): boolean {
    this.#match(SPACE);
    if (this.#text[this.at] !== '"') return this.#fails('a key in double quotes');
    return this.#string() && (this.take(':') || this.#fails('":"')) && this.#match(SPACE);
  }

  end(): boolean {
    this.#match(SPACE);
    return this.at === this.#text.length || this.#fails('nothing more');
  }

  expected(what: string): JsonFault {
    const found =
      this.at < this.#text.length ? `found ${named(this.#text.charCodeAt(this.at))}` : 'the text ends';
    this.fault = { offset: this.at, problem: `expected ${what}, ${found}` };
    return this.fault;
  }

  #string(): boolean {
    this.at += 1;
    do this.#match(PLAIN);
    while (this.#match(ESCAPE));
    if (this.#text[this.at] !== '"') return this.#fails('a character of a string or its closing quote');
    this.at += 1;
    return true;
  }

  /** True when the pattern matched here, be it nothing. */
  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const matched = pattern.test(this.#text);
    if (matched) this.at = pattern.lastIndex;
    return matched;
  }

  #fails(what: string): false {
    this.expected(what);
    return false;
  }
}

function named(unit: number): string {
  const printable = unit > 0x20 && unit < 0x7f;
  return printable
    ? `"${String.fromCharCode(unit)}"`
    : `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`;
}
