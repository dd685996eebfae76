import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Context } from '../context.js';
import { formatBytes } from '../output/format.js';
import { type Finding, ok, warn } from './finding.js';

/** What the copy of a workspace or an agent's home soon needs; records and policies need next to nothing. */
const FEW_BYTES = 256 * 1024 ** 2;
const FEW_FILES = 10_000;

/** What statfs(2) tells of a file system. `files` is 0 where it has no limit of its own. */
export interface FileSystem {
  readonly bsize: number;
  /** Blocks that an ordinary user may still take. */
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** Whether there is room for bottles where the root folder lies, or will lie. */
export function checkRoom(
  { root }: Pick<Context, 'root'>,
  look: (path: string) => FileSystem = path => statfsSync(path),
): Finding {
  let path = root;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  const { bsize, bavail, files, ffree } = look(path);
  const bytes = bavail * bsize;
  if (bytes < FEW_BYTES) return tooLittle(`${formatBytes(bytes)} are free`);
  if (files > 0 && ffree < FEW_FILES) return tooLittle(`room for ${ffree} files is left`);
  return ok('disk', `${formatBytes(bytes)} are free`);
}

function tooLittle(fact: string): Finding {
  return warn('disk', `${fact} where the root folder lies; a start may fail`, 'bot-bottle prune');
}
