import { accessSync, constants, lstatSync, type Stats } from 'node:fs';
import type { Identity } from '@bot-bottle/identity';
import { bottlePaths, listForeign, listIdentities, rootPaths } from '@bot-bottle/state-paths';
import type { BackendAsker } from '../backends/asker.js';
import type { Context } from '../context.js';
import { type BottleDescription, describeBottle } from '../session/state.js';
import { type Finding, fail, failure, ok, warn } from './finding.js';

/** The root folder and its state folder: what they are, who may read them, whether they can be written. */
export function checkRoot(context: Pick<Context, 'root'>): readonly Finding[] {
  const { root, state } = rootPaths(context.root);
  const stat = lstatSync(root, { throwIfNoEntry: false });
  if (stat === undefined) return [ok('root folder', `${root} (not made yet: the first start makes it)`)];
  return [root, state].flatMap(path => checkFolder(path));
}

function checkFolder(path: string): readonly Finding[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) {
    const what = stat.isSymbolicLink() ? 'a symbolic link' : 'no folder';
    return [fail('root folder', `${path} is ${what}; expected a folder`, `mv ${path} ${path}.old`)];
  }
  if (stat.uid !== process.getuid?.()) {
    return [fail('root folder', `${path} belongs to user ${stat.uid}, not to you`, `ls -ld ${path}`)];
  }
  if (!isWritable(path)) return [fail('root folder', `${path} cannot be written`, `chmod u+rwx ${path}`)];
  return [openToOthers(path, stat) ?? ok('root folder', `${path} is yours and writable`)];
}

/** Transcripts and homes of agents lie below: others must not read them. */
function openToOthers(path: string, stat: Stats): Finding | undefined {
  const mode = stat.mode & 0o777;
  if ((mode & 0o077) === 0) return undefined;
  const fact = `${path} has mode ${mode.toString(8)}: other users can look in; expected 700`;
  return { check: 'root folder', level: 'warn', fact, try: `chmod 700 ${path}` };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Every bottle, and what else lies in the state folder. */
export async function checkBottles(
  context: Pick<Context, 'root'>,
  asker: BackendAsker,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    for (const identity of listIdentities(context.root)) {
      const paths = bottlePaths(context.root, identity);
      findings.push(...checkBottle(identity, await asker.look(paths, describeBottle(paths))));
    }
    findings.push(...listForeign(context.root).map(name => foreign(context.root, name)));
  } catch (error) {
    return [failure('bottles', error)];
  }
  return findings.length > 0 ? findings : [ok('bottles', 'nothing is broken, dead or left over')];
}

function checkBottle(identity: Identity, { state, problem }: BottleDescription): readonly Finding[] {
  if (state === 'broken')
    return [warn('bottles', `${identity} is broken: ${problem}`, `bot-bottle show ${identity}`)];
  if (state === 'dead')
    return [
      warn('bottles', `${identity} was killed; nothing of it is lost`, `bot-bottle resume ${identity}`),
    ];
  if (state === 'unattended')
    return [
      warn(
        'bottles',
        `${identity} runs on without its keeper, which was killed`,
        `bot-bottle resume ${identity}`,
      ),
    ];
  if (state === 'unfinished')
    return [warn('bottles', `the start of ${identity} was cut off`, 'bot-bottle prune')];
  if (state === 'unknown') return [warn('bottles', `${identity}: ${problem}`, `bot-bottle show ${identity}`)];
  return [];
}

function foreign(root: string, name: string): Finding {
  const { state } = rootPaths(root);
  // Removals rename a bottle aside under a dotted name before they take it apart.
  if (name.startsWith('.'))
    return warn('bottles', `${name} is left over from a removal or a write`, 'bot-bottle prune');
  return warn('bottles', `${state}/${name} is no bottle; it is left alone`);
}
