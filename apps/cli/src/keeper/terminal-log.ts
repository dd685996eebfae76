import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
/** Bytes after which the log begins anew; the one before stays as `terminal.log.1`, so the two hold at most twice this. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** What a bottle's terminal showed, session after session. Each append is one write(2), so `logs` reads no half of it. */
export class TerminalLog {
  readonly #path: string;
  readonly #maxBytes: number;
  #fd: number;
  #size: number;

  readonly #open: (path: string) => number;

  /** Goes on behind what is there. The mode is 0600: what an agent shows is the operator's alone. */
  constructor(path: string, maxBytes = MAX_LOG_BYTES, open = openLog) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#open = open;
    this.#fd = open(path);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Throws the system's error, e.g. ENOSPC; the log can be used further, and a rotation that failed is tried again. */
  append(chunk: Uint8Array): void {
    if (this.#size > 0 && this.#size + chunk.length > this.#maxBytes) {
      this.#rotate();
    }
    this.#size += writeSync(this.#fd, chunk);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    setAside(this.#path);
    // Before the old one goes: the number of a closed descriptor is soon a client's or another file's.
    const next = this.#open(this.#path);
    closeSync(this.#fd);
    this.#fd = next;
    this.#size = 0;
  }
}

export function rotatedLog(path: string): string {
  return `${path}.1`;
}

/** Absent: an earlier rotation got this far. */
function setAside(path: string): void {
  try {
    renameSync(path, rotatedLog(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function openLog(path: string): number {
  return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}
