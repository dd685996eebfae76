import { EgressError } from '../errors.js';
import { LogFile } from './log-file.js';
import type { AuditRecord } from './record.js';
import { messageOf } from './system-error.js';

const DEFAULT_MAX_BYTES = 1 << 30;
const DEFAULT_RETRY_MS = 500;
const DEFAULT_LOOK_MS = 100;
/** Some 4 MB. What is let out has bounds of its own; what is denied has none. */
const MAX_KEPT_DENIALS = 10_000;

export interface AuditLogOptions {
  /**
   * How large the file may grow, in bytes; default 1 GiB. Then the log fails until somebody moves the file away. It is never
   * rotated: an agent that could push old lines out of it would choose what stays on record.
   */
  readonly maxBytes?: number | undefined;
  /** Milliseconds between two attempts to write after one that failed; default 500. */
  readonly retryMs?: number | undefined;
  /**
   * Milliseconds for which a file that somebody has moved away may still be written to; default 100. To look before each line
   * costs as much as to write it.
   */
  readonly lookMs?: number | undefined;
}

/**
 * The audit log of one bottle, open for its only writer. Lines are whole and in order. They survive the end of this process by any signal;
 * a power cut may take the last seconds.
 *
 * What lets something out (`opened`) is written before `append` returns. Anything else goes out with it, or at the end of this turn of
 * the event loop: a line each for a hundred denials is one write(2). The file may be moved away at any time: a moment
 * later a new one takes its place.
 */
export class AuditLog {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #retryMs: number;
  readonly #lookMs: number;
  /** When the file had its name last. */
  #looked = 0;
  #file: LogFile | null;
  /** Not written yet, in order. */
  #lines: string[] = [];
  #missed = 0;
  #planned = false;
  #failure: EgressError | null = null;
  #retry: NodeJS.Timeout | undefined;

  /** Opens the file, or creates it (0600, its folder 0700). @throws EgressError `audit-failed` */
  constructor(path: string, options: AuditLogOptions = {}) {
    this.#path = path;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#retryMs = options.retryMs ?? DEFAULT_RETRY_MS;
    this.#lookMs = options.lookMs ?? DEFAULT_LOOK_MS;
    try {
      this.#file = this.#open();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /**
   * Why nothing can be recorded at present; null: all is well. To be asked before anything is decided: meanwhile nothing may be let
   * out. It passes by itself when writing works again.
   */
  get failure(): EgressError | null {
    return this.#failure;
  }

  /**
   * Takes a record. @throws EgressError `audit-failed` for one that lets something out: it is not recorded, and may not be let
   * out. Any other is kept, and written as soon as that works again; of denials 10,000, and then how many more there were (`missed`).
   */
  append(record: AuditRecord): void {
    const letsOut = record.event === 'opened';
    if (letsOut && this.#failure !== null) throw this.#failure;
    if (record.event === 'denied' && this.#failure !== null && this.#lines.length >= MAX_KEPT_DENIALS) {
      this.#missed += 1;
      return;
    }
    // Not with what may be taken back.
    const missed = letsOut ? 0 : this.#missed;
    this.#missed -= missed;
    this.#lines.push(`${JSON.stringify(missed === 0 ? record : { ...record, missed })}\n`);
    if (letsOut) this.#appendNow();
    else this.#plan();
  }

  /** Writes what is left, and has it on the disk. @throws EgressError `audit-failed`: it says how many records are lost */
  async close(): Promise<void> {
    this.#flush();
    clearTimeout(this.#retry);
    const lost = this.#lines.length + this.#missed;
    if (lost > 0) throw this.#failed(`${lost} records are lost: ${this.#failure?.message ?? ''}`);
    try {
      this.#file?.sync();
    } catch (cause) {
      throw this.#failed(cause);
    } finally {
      this.#release();
    }
  }

  #appendNow(): void {
    this.#flush();
    if (this.#failure === null) return;
    // It is the last, so it is among those that were not written.
    this.#lines.pop();
    throw this.#failure;
  }

  #plan(): void {
    if (this.#planned || this.#failure !== null) return; // in a failure, the retry writes
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    try {
      this.#write();
    } catch (cause) {
      this.#failure = this.#failed(cause);
      // Opened anew, it is looked at anew.
      this.#release();
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#tryAgain(), this.#retryMs).unref();
    }
  }

  #tryAgain(): void {
    this.#failure = null;
    this.#flush();
  }

  #write(): void {
    const file = this.#current();
    const bytes = this.#lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    if (file.size + bytes > this.#maxBytes) {
      throw new Error(`it holds ${file.size} of at most ${this.#maxBytes} bytes; move it away to go on`);
    }
    const { left, error } = file.append(this.#lines);
    this.#lines = left;
    if (error !== null) throw error;
  }

  /** The file that has the name, or had it a moment ago. */
  #current(): LogFile {
    const now = performance.now();
    if (this.#file && now - this.#looked < this.#lookMs) return this.#file;
    if (this.#file?.hasItsName()) {
      this.#looked = now;
      return this.#file;
    }
    this.#release();
    this.#file = this.#open();
    return this.#file;
  }

  #open(): LogFile {
    this.#looked = performance.now();
    return new LogFile(this.#path);
  }

  #release(): void {
    this.#file?.close();
    this.#file = null;
  }

  #failed(cause: unknown): EgressError {
    const message = `the audit log ${this.#path} cannot be written: ${messageOf(cause)}`;
    return new EgressError('audit-failed', message, { cause });
  }
}
