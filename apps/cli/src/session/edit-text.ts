import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SessionError } from './errors.js';

/** What is edited, in a file of its own. */
export interface Edited {
  readonly text: string;
  /** The file, for a text that could not be stored. */
  readonly path: string;
  /** Removes the file. */
  discard(): void;
}

/**
 * Lets the operator edit a text with $VISUAL, else $EDITOR, else vi, on a copy: what the editor does on the way is nobody's.
 * The editor's words are read by a shell, as git and cron read them. Throws SessionError 'editor-failed'.
 */
export async function editText(
  text: string,
  { name, env }: { readonly name: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Edited> {
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-edit-'));
  const path = join(folder, name);
  const discard = (): void => rmSync(folder, { recursive: true });
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  try {
    writeFileSync(path, text, { mode: 0o600 });
    const code = await run(editor, path, env);
    if (code !== 0) {
      throw new SessionError(
        'editor-failed',
        `the editor "${editor}" ended with ${code}; nothing was changed`,
      );
    }
    return { text: readFileSync(path, 'utf8'), path, discard };
  } catch (error) {
    discard();
    throw error;
  }
}

/** The exit code; of a signal, as a shell has it. */
function run(
  editor: string,
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, path], {
      stdio: 'inherit',
      env: { ...env },
    });
    child.once('error', reject).once('exit', (code, signal) => resolve(code ?? `${signal}`));
  });
}
