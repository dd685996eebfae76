import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { EgressError } from '../errors.js';
import { decodeRecord } from './decode.js';
import type { AuditRecord } from './record.js';
import { errnoOf, messageOf } from './system-error.js';

const CHUNK_BYTES = 64 * 1024;
/** Far more than the proxy writes; a longer line is a bad one, and is not held in memory. */
const MAX_LINE_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** A line that is no record: torn by a kill, changed by hand, or a newer version's. */
export interface BadLine {
  /** From 1. */
  readonly line: number;
  /** Continues a sentence: "is no JSON". */
  readonly why: string;
}

export interface ReadOptions {
  /** Hears of each line that is skipped; default: nobody does. */
  readonly onBadLine?: ((bad: BadLine) => void) | undefined;
}

/**
 * The records of an audit log, in its order; none where there is no file. Memory stays flat however long it is.
 * @throws EgressError `bad-audit` where the file cannot be read; a bad line is skipped
 */
export function* readAuditLog(
  file: string,
  options: ReadOptions = {},
): Generator<AuditRecord, void, undefined> {
  const fd = openLog(file);
  if (fd === null) return;
  try {
    const lines = new LineReader(file, fd, options);
    yield* lines.complete();
    yield* lines.rest();
  } finally {
    closeSync(fd);
  }
}

/** Null where there is none. @throws EgressError `bad-audit` */
export function openLog(file: string): number | null {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let fd: number;
  try {
    fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw unreadable(file, cause);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new EgressError('bad-audit', `the audit log ${file} cannot be read: expected a regular file`);
}

/** Reads on from where it stopped, so that it can follow a file that grows. */
export class LineReader {
  readonly #file: string;
  readonly #fd: number;
  readonly #onBadLine: ReadOptions['onBadLine'];
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** The start of a line whose end is not read yet; empty where that is too long already. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #line = 0;

  constructor(file: string, fd: number, { onBadLine }: ReadOptions) {
    this.#file = file;
    this.#fd = fd;
    this.#onBadLine = onBadLine;
  }

  /** The records of all lines that have an end. */
  *complete(): Generator<AuditRecord, void, undefined> {
    for (let chunk = this.#read(); chunk.length > 0; chunk = this.#read()) {
      const end = chunk.lastIndexOf(NEWLINE);
      if (end !== -1) yield* this.#take(chunk.subarray(0, end));
      this.#begin(chunk.subarray(end + 1));
    }
  }

  /** A last line without an end; in a file that nobody writes any more it is torn, or a record all the same. */
  *rest(): Generator<AuditRecord, void, undefined> {
    if (this.#begunBytes > 0) yield* this.#take(Buffer.alloc(0));
  }

  #read(): Buffer {
    try {
      return this.#chunk.subarray(0, readSync(this.#fd, this.#chunk));
    } catch (cause) {
      throw unreadable(this.#file, cause);
    }
  }

  #begin(part: Buffer): void {
    this.#begunBytes += part.length;
    // A copy: the chunk is read into again.
    if (this.#begunBytes > MAX_LINE_BYTES) this.#begun = [];
    else if (part.length > 0) this.#begun.push(Buffer.from(part));
  }

  /** The lines that `behind` ends, the first of which has begun before. */
  *#take(behind: Buffer): Generator<AuditRecord, void, undefined> {
    const firstIsTooLong = this.#begunBytes > MAX_LINE_BYTES;
    const lines = Buffer.concat([...this.#begun, behind])
      .toString()
      .split('\n');
    this.#begun = [];
    this.#begunBytes = 0;
    for (const [index, line] of lines.entries()) {
      this.#line += 1;
      const tooLong = firstIsTooLong && index === 0;
      const record = tooLong ? `is longer than ${MAX_LINE_BYTES} bytes` : decodeRecord(line);
      if (typeof record !== 'string') yield record;
      else this.#onBadLine?.({ line: this.#line, why: record });
    }
  }
}

function unreadable(file: string, cause: unknown): EgressError {
  return new EgressError('bad-audit', `the audit log ${file} cannot be read: ${messageOf(cause)}`, { cause });
}
