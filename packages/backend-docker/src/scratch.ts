import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BottleRef, DestroyReport } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';

/** What this adapter keeps for a bottle. No bottle sees the folder; its egress container sees `wayOut`. */
export interface Scratch {
  readonly folder: string;
  /** The project, for the adapter and for the operator's own tools. Written last. */
  readonly compose: string;
  /** The project's name, where both versions of Compose look for it: v1 refuses one in the file above. */
  readonly environment: string;
  /** What `attach` must know of the specification. */
  readonly bottle: string;
  /** The folder of the socket at which the keeper takes connections from the bottle. */
  readonly wayOut: string;
}

/** What a later process has to know of a bottle that was prepared. */
export interface Prepared {
  /** The port of the way out; null: it has none. */
  readonly port: number | null;
}

export function scratchOf({ stateFolder }: BottleRef): Scratch {
  return {
    folder: stateFolder,
    compose: join(stateFolder, 'compose.yaml'),
    environment: join(stateFolder, '.env'),
    bottle: join(stateFolder, 'bottle.json'),
    wayOut: join(stateFolder, 'way-out'),
  };
}

/** Makes the folder, for the operator alone. @throws BackendError `bad-spec` where something else is in its place */
export function writeScratch(scratch: Scratch, prepared: Prepared, project: string, compose: string): void {
  for (const folder of [scratch.folder, scratch.wayOut]) makeFolder(folder);
  replace(scratch.environment, `COMPOSE_PROJECT_NAME=${project}\n`);
  replace(scratch.bottle, `${JSON.stringify(prepared)}\n`);
  replace(scratch.compose, compose);
}

/** Null: it was not prepared, or was destroyed since. */
export function readPrepared(scratch: Scratch): Prepared | null {
  if (lstatSync(scratch.compose, { throwIfNoEntry: false }) === undefined) return null;
  return JSON.parse(readFileSync(scratch.bottle, 'utf8')) as Prepared;
}

/** Only this adapter writes here, files and one folder of files; anything else stays and is reported. */
export function removeScratch({ folder, wayOut }: Scratch): DestroyReport {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return { removed: false, left: [] };
  if (!stat.isDirectory()) return { removed: false, left: [{ path: folder, reason: 'not a folder' }] };
  const left: { path: string; reason: string }[] = [];
  const attempt = (path: string, remove: (path: string) => void) => {
    try {
      remove(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        left.push({ path, reason: (error as Error).message });
    }
  };
  if (lstatSync(wayOut, { throwIfNoEntry: false })?.isDirectory()) {
    for (const name of readdirSync(wayOut)) attempt(join(wayOut, name), unlinkSync);
    attempt(wayOut, rmdirSync);
  }
  for (const name of readdirSync(folder)) attempt(join(folder, name), unlinkSync);
  attempt(folder, rmdirSync);
  return { removed: left.length === 0, left };
}

function makeFolder(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) mkdirSync(path, { mode: 0o700 });
  else if (!stat.isDirectory()) throw new BackendError('bad-spec', `stateFolder is not a folder: ${path}`);
}

/** A reader, or a launch that follows a kill, sees the old one or the new one. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
