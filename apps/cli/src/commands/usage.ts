// How help and the manual write a command line.
import type { CommandSpec, OptionSpec } from './spec.js';

/** What stands behind the command's name: `ID HOST... [OPTIONS]`. */
export function usageOf({ args = [] }: CommandSpec): string {
  const required = args.filter(({ optional }) => !optional);
  const optional = args.filter(({ optional }) => optional);
  return [
    ...required.map(({ name, variadic }) => (variadic ? `${name}...` : name)),
    '[OPTIONS]',
    ...optional.map(({ name }) => `[-- ${name}]`),
  ].join(' ');
}

/** An option as help writes it: `-l, --label <K=V>`. */
export function optionFlags(spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  if (spec.value === undefined) return `${short}--${spec.name}`;
  const value = spec.value.optional ? `[${spec.value.name}]` : `<${spec.value.name}>`;
  return `${short}--${spec.name} ${value}`;
}

/** A summary as a sentence. */
export function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
