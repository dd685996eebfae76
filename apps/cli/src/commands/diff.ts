import { paint, type Style } from '../output/colours.js';
import { printable } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { write, writeJson, writeLine } from '../output/write.js';
import { diffWorkspace, type WorkspaceChange } from '../session/diff.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

const LETTER: Readonly<Record<WorkspaceChange['kind'], string>> = { added: 'A', removed: 'D', modified: 'M' };
const STYLE: Readonly<Record<WorkspaceChange['kind'], Style>> = {
  added: 'green',
  removed: 'red',
  modified: 'yellow',
};

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const short = input.flag('name-only') || input.flag('stat');
  const diff = await diffWorkspace(paths, {
    patch: !short && !input.flag('json'),
    count: input.flag('stat'),
  });
  if (input.flag('json')) {
    await writeJson(context.stdout, { identity: paths.identity, source: diff.source, changes: diff.changes });
  } else if (input.flag('name-only')) {
    for (const { path } of diff.changes) await writeLine(context.stdout, path);
  } else if (diff.patch === null) {
    for (const { kind, path, lines } of diff.changes) {
      await write(
        context.stdout,
        `${paint(context.stdout, STYLE[kind], LETTER[kind])}  ${printable(path)}${countOf(lines)}\n`,
      );
    }
  } else {
    // A patch is for `git apply` too: in a pipe it stays as it is. On a terminal nothing in it may act.
    await write(context.stdout, context.stdout.isTTY ? harmless(diff.patch) : diff.patch);
  }
  return EXIT.ok;
};

function countOf(lines: WorkspaceChange['lines']): string {
  return lines ? ` | +${lines.added} -${lines.removed}` : '';
}

function harmless(patch: string): string {
  return patch
    .split('\n')
    .map(line => line.split('\t').map(printable).join('\t'))
    .join('\n');
}
