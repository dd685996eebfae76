import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** Characters of a line, at most: what comes without an end must not gather without an end. */
const MAX_LINE = 8192;

/** Cuts a stream into its lines, without the control sequences in them; a carriage return ends one as well. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split(/[\r\n]+/);
    this.#rest = (lines.pop() ?? '').slice(-MAX_LINE);
    for (const line of lines) this.#tell(line);
  }

  end(): void {
    this.#tell(this.#rest + this.#decoder.end());
    this.#rest = '';
  }

  #tell(line: string): void {
    const plain = stripVTControlCharacters(line.slice(-MAX_LINE)).trimEnd();
    if (plain !== '') this.onLine(plain);
  }
}
