/**
 * `bad-host`, `bad-allowlist`, `bad-routes`: the text breaks its grammar. `bad-generation`: generation.json is none of ours.
 * `revision-moved`: somebody wrote since `expectRevision`. `unsettled`: the files changed under every attempt to read them.
 */
export type LiveConfigErrorCode =
  | 'bad-host'
  | 'bad-allowlist'
  | 'bad-routes'
  | 'bad-generation'
  | 'revision-moved'
  | 'unsettled';

/** One thing that is wrong, and where: line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const SHOWN = 10;

/** What this package throws, beside the DurableFsError of a failed system call. */
export class LiveConfigError extends Error {
  override readonly name = 'LiveConfigError';
  readonly code: LiveConfigErrorCode;
  /** The file, or what the caller named the text; undefined where no text is concerned. */
  readonly source: string | undefined;
  /** Everything that is wrong with the text, in its order (at most 100); empty where no text is concerned. */
  readonly problems: readonly Problem[];

  constructor(
    code: LiveConfigErrorCode,
    what: string | readonly Problem[],
    options: { source?: string | undefined; cause?: unknown } = {},
  ) {
    const problems = typeof what === 'string' ? [] : what;
    const message = typeof what === 'string' ? what : list(problems, options.source);
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.source = options.source;
    this.problems = problems;
  }

  /** Line of the first problem, from 1; undefined where no text is concerned. */
  get line(): number | undefined {
    return this.problems[0]?.line;
  }

  /** Column of the first problem in UTF-16 units, from 1; undefined where no text is concerned. */
  get column(): number | undefined {
    return this.problems[0]?.column;
  }
}

function list(problems: readonly Problem[], source = 'text'): string {
  const lines = problems.slice(0, SHOWN).map(p => `${source}:${p.line}:${p.column}: ${p.message}`);
  if (problems.length > SHOWN) lines.push(`… and ${problems.length - SHOWN} more`);
  return lines.join('\n');
}
