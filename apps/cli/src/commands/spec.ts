import type { Context } from '../context.js';

/** What a value is, for the shell's completion; `recorded`: an identity, also of a bottle that is gone but for its log. */
export type ValueKind = 'agent' | 'backend' | 'identity' | 'recorded' | 'folder' | 'file' | 'state' | 'text';

export interface ArgumentSpec {
  /** As help shows it, in capitals. */
  readonly name: string;
  readonly description: string;
  readonly kind: ValueKind;
  readonly optional?: boolean;
  readonly variadic?: boolean;
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** Long name without dashes; its value is found under its camelCase form. */
  readonly name: string;
  readonly short?: string;
  readonly description: string;
  /** What follows the option; absent: it is a switch. */
  readonly value?: {
    readonly name: string;
    readonly kind: ValueKind;
    readonly optional?: boolean;
    readonly repeated?: boolean;
    readonly choices?: readonly string[];
  };
}

/** A command line after parsing. */
export interface Input {
  readonly args: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

/** Does the command; returns the exit code, throws for a failure. */
export type Run = (context: Context, input: Input) => Promise<number>;

/** One command: the only source of its parser, its help, its completion and its manual. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** More than the summary says, for the command's own help. */
  readonly details?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Command lines as they are typed; what is no command of bot-bottle's stands behind a `#`. */
  readonly examples: readonly [string, ...string[]];
}
