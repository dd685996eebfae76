import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFileOrAbsent } from '@bot-bottle/durable-fs';
import { rootPaths } from '@bot-bottle/state-paths';
import { CliError } from '../output/errors.js';
import { shellWord } from '../output/shell-word.js';
import { unreadable } from '../output/unreadable.js';
import { codeOf } from '../thrown.js';
import { parseConfig, type ReadConfig } from './read.js';

const FILE_NAME = 'bot-bottle.yaml';
const MAX_BYTES = 1 << 20;

/**
 * The operator's own file in the root folder; null where there is none. May be a link, as dotfile managers make them. It says what
 * code is loaded and who gets which variable: in a root folder of another user's it is refused, as git does (CVE-2022-24765).
 * @throws CliError `bad-config`, `unreadable-file`, `untrusted-config`
 */
export function readRootConfig(root: string): ReadConfig | null {
  const file = rootPaths(root).config;
  checkRootOwner(root);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return null;
    throw unreadable(file, error);
  }
  return parseConfig(text, file);
}

/**
 * The project's file; null where there is none. An agent may have written it: no link, no pipe, no giant is read, and
 * none of another user, who would choose what runs with the operator's variables (git's CVE-2022-24765).
 */
export function readProjectConfig(root: string, cwd: string): ReadConfig | null {
  for (const folder of projectFolders(cwd)) {
    const file = join(folder, FILE_NAME);
    if (file === rootPaths(root).config) continue;
    const text = readFileOrAbsent(file, { maxBytes: MAX_BYTES });
    if (text === null) continue;
    checkOwner(file);
    return parseConfig(text, file);
  }
  return null;
}

function checkRootOwner(root: string): void {
  const uid = statSync(root, { throwIfNoEntry: false })?.uid;
  if (uid === undefined || isTrusted(uid)) return;
  throw new CliError('untrusted-config', `${root} belongs to user ${uid}; expected a root folder of yours`, {
    try: [`ls -ld ${shellWord(root)}`, 'bot-bottle doctor'],
  });
}

function isTrusted(uid: number): boolean {
  return uid === process.getuid?.() || uid === 0;
}

function checkOwner(file: string): void {
  const { uid } = lstatSync(file);
  if (isTrusted(uid)) return;
  throw new CliError('untrusted-config', `${file} belongs to user ${uid}; expected a file of yours`, {
    try: `ls -l ${shellWord(file)}`,
  });
}

/**
 * Where a project's file may lie: the current folder and, inside a git work tree, its parents up to the tree's top.
 * Never further: /tmp and the like are writable for strangers.
 */
function projectFolders(cwd: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, '.git'))) return folders;
    if (dirname(folder) === folder) return [cwd];
  }
}
