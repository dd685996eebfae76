import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { printable, printableJson } from './escape.js';

/** Writes and, when the reader is slower, waits: what is printed never piles up in memory. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** One line of text from anywhere, made safe to print. */
export async function writeLine(stream: NodeJS.WritableStream, text = ''): Promise<void> {
  await write(stream, `${printable(text)}\n`);
}

/** One JSON document, for a program to read. */
export async function writeJson(stream: NodeJS.WritableStream, value: unknown): Promise<void> {
  await write(stream, `${printableJson(value, 2)}\n`);
}

/** A JSON array, one element a line, written as the elements come: flat in memory however many there are. */
export async function writeJsonArray(
  stream: NodeJS.WritableStream,
  values: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<void> {
  await writeAll(
    stream,
    (async function* () {
      let before = '[\n';
      for await (const value of values) {
        yield before + printableJson(value);
        before = ',\n';
      }
      yield before === '[\n' ? '[]\n' : '\n]\n';
    })(),
  );
}

/** As many bytes as a pipe takes at once (pipe(7)). */
const CHUNK = 64 * 1024;

/** Texts as they come, gathered into few system calls. */
export async function writeAll(stream: NodeJS.WritableStream, texts: AsyncIterable<string>): Promise<void> {
  let gathered = '';
  for await (const text of texts) {
    gathered += text;
    if (gathered.length < CHUNK) continue;
    await write(stream, gathered);
    gathered = '';
  }
  if (gathered !== '') await write(stream, gathered);
}

/**
 * Ends the process when `stream` cannot be written. A reader that has seen enough (`| head`) is no error; a full disk is, and
 * standard error is told, if it can be.
 */
export function exitWhenUnwritable(stream: NodeJS.WritableStream, exitCode: number): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    try {
      writeSync(2, `bot-bottle: the output cannot be written: ${error.message}\n`);
    } catch {
      // Nobody is left to be told; the exit code stays.
    }
    process.exit(exitCode);
  });
}
