import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFileOrAbsent } from '@bot-bottle/durable-fs';
import { rootPaths } from '@bot-bottle/state-paths';
import { CliError } from '../output/errors.js';
import { codeOf } from '../thrown.js';
import { parseConfig, type ReadConfig } from './read.js';

const FILE_NAME = 'bot-bottle.yaml';
const MAX_BYTES = 1 << 20;

/** The operator's own file in the root folder; null where there is none. May be a link, as dotfile managers make them. */
export function readRootConfig(root: string): ReadConfig | null {
  const file = rootPaths(root).config;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return null;
    throw error;
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

function checkOwner(file: string): void {
  const { uid } = lstatSync(file);
  if (uid === process.getuid?.() || uid === 0) return;
  throw new CliError('untrusted-config', `${file} belongs to user ${uid}; expected a file of yours`, {
    try: `ls -l ${file}`,
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
