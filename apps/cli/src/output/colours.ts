import { styleText } from 'node:util';

export type Style = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours `text` if `stream` is one that shows colours. */
export function paint(
  stream: NodeJS.WritableStream,
  style: Style,
  text: string,
  env: Environment = process.env,
): string {
  return showsColours(stream, env) ? styleText(style, text, { validateStream: false }) : text;
}

/**
 * FORCE_COLOR decides, then NO_COLOR (https://no-color.org: empty is as good as unset), then whether it is a terminal
 * that can. As Node reads them, whose own check warns where both are set, and is not there before Node 22.8.
 */
function showsColours(stream: NodeJS.WritableStream, env: Environment): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (no) return false;
  return 'isTTY' in stream && stream.isTTY === true && Boolean(terminal) && terminal !== 'dumb';
}
