import type { Context } from '../context.js';
import { paint } from '../output/colours.js';
import { printable } from '../output/escape.js';
import type { Input } from './spec.js';

/** Shows what the build of an image says as it says it, on stderr: dimmed on a terminal, plain in a pipe, and not beside JSON. */
export function buildProgress({ stderr, env }: Context, input: Input): (line: string) => void {
  if (input.flag('json')) return () => {};
  return line => stderr.write(`${paint(stderr, 'dim', printable(line), env)}\n`);
}
