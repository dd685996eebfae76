import type { AuditRecord } from './audit/record.js';
import type { DenyRule, Rule } from './rule.js';

/** The audit log. */
export interface AuditSink {
  /** Takes a record. @throws EgressError `audit-failed`: it is not recorded, so nothing may be let out. */
  append(record: AuditRecord): void;
  /** Why nothing can be recorded any more; null: all is well. */
  readonly failure: Error | null;
}

/** What somebody in the bottle tried, as far as it is known. */
export interface Attempt {
  readonly method: string | null;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
}

/** What was decided about it. */
export interface Decision {
  readonly rule: Rule;
  readonly entry?: string;
  /** Of the policy that decided. */
  readonly generation: number;
}

export type Cut = NonNullable<AuditRecord['cut']>;

/** What came of what was let out. */
export interface Outcome {
  readonly sent: number;
  readonly received: number;
  readonly status?: number | undefined;
  readonly cut?: Cut | undefined;
  readonly problem?: string | undefined;
}

const SHOWN = 200;

/** Turns decisions into lines of the audit log. */
export class Journal {
  readonly #start = Date.now().toString(36);
  #count = 0;

  constructor(
    private readonly bottle: string,
    private readonly sink: AuditSink,
  ) {}

  /** Why nothing may be let out at present; null: all is well. */
  get failure(): Error | null {
    return this.sink.failure;
  }

  denied(attempt: Attempt, decision: Decision & { readonly rule: DenyRule }): void {
    this.sink.append(this.#record('denied', this.#nextId(), attempt, decision));
  }

  /**
   * Records that something is let out, before it is; what is returned records the end, once.
   * @throws EgressError `audit-failed`: it may not be let out
   */
  opened(attempt: Attempt, decision: Decision, address?: string): (outcome: Outcome) => void {
    const started = performance.now();
    const opened = {
      ...this.#record('opened', this.#nextId(), attempt, decision),
      ...(address && { address }),
    };
    this.sink.append(opened);
    let over = false;
    return ({ sent, received, status, cut, problem }) => {
      if (over) return;
      over = true;
      this.sink.append({
        ...opened,
        event: 'closed',
        time: new Date().toISOString(),
        ...(status !== undefined && { status }),
        sent,
        received,
        duration: Math.round(performance.now() - started),
        ...(cut && { cut }),
        ...(problem && { problem: shortened(problem, 500) }),
      });
    };
  }

  #nextId(): string {
    return `${this.#start}-${++this.#count}`;
  }

  #record(event: 'denied' | 'opened', id: string, attempt: Attempt, decision: Decision): AuditRecord {
    const { method, host, port, path } = attempt;
    return {
      time: new Date().toISOString(),
      bottle: this.bottle,
      event,
      id,
      method: method === null ? null : shortened(method),
      host: shortened(host),
      port,
      ...(path !== undefined && { path: shortened(path, 2048) }),
      rule: decision.rule,
      ...(decision.entry !== undefined && { entry: decision.entry }),
      generation: decision.generation,
    };
  }
}

/** What a hostile client sent must not fill the log, nor speak to the terminal that shows it. */
function shortened(text: string, most = SHOWN): string {
  const escaped = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
    /[\u0000-\u001f\u007f-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped.length <= most ? escaped : `${escaped.slice(0, most)}…`;
}
