import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BottleRef, DestroyReport, ExitStatus } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { readIfPresent } from './record.js';

/** Every file that this adapter keeps for a bottle. No bottle sees the folder; some of the files are shown in it, read-only. */
export interface Scratch {
  readonly folder: string;
  /** Says that the rest is written. */
  readonly prepared: string;
  readonly filter: string;
  readonly record: string;
  readonly status: string;
  readonly exit: string;
  /** An empty folder, in which a launch by root mounts something that only it sees. */
  readonly devices: string;
  readonly etc: (name: string) => string;
}

export function scratchOf({ stateFolder }: BottleRef): Scratch {
  return {
    folder: stateFolder,
    prepared: join(stateFolder, 'prepared'),
    filter: join(stateFolder, 'seccomp.bpf'),
    record: join(stateFolder, 'process'),
    status: join(stateFolder, 'bwrap-status.json'),
    exit: join(stateFolder, 'exit.json'),
    devices: join(stateFolder, 'dev'),
    etc: name => join(stateFolder, `etc.${name}`),
  };
}

/** Makes the folder, for the operator alone. @throws BackendError `bad-spec` where something else is in its place */
export function makeScratch(scratch: Scratch): void {
  const stat = lstatSync(scratch.folder, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) {
    throw new BackendError('bad-spec', `stateFolder is not a folder: ${scratch.folder}`);
  }
  if (stat === undefined) mkdirSync(scratch.folder, { mode: 0o700 });
  mkdirSync(scratch.devices, { recursive: true, mode: 0o700 });
}

/** Writes a file whole: a reader, or a launch that follows a kill, sees the old one or the new one. */
export function writeScratch(file: string, data: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.new`;
  removeIfPresent(temporary);
  writeFileSync(temporary, data, { mode, flag: 'wx' });
  renameSync(temporary, file);
}

export function removeIfPresent(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
}

export function readExit(scratch: Scratch): ExitStatus | null {
  const text = readIfPresent(scratch.exit);
  return text === null ? null : (JSON.parse(text) as ExitStatus);
}

/** bubblewrap reports an exit code only of a command that it has started, and only while it lives itself. */
export function sawAgentEnd(scratch: Scratch): boolean {
  return readIfPresent(scratch.status)?.includes('"exit-code"') ?? false;
}

/** Only this adapter writes in the folder, files and one empty folder; a folder with something in it is not ours and stays. */
export function removeScratch(scratch: Scratch): DestroyReport {
  const stat = lstatSync(scratch.folder, { throwIfNoEntry: false });
  if (stat === undefined) return { removed: false, left: [] };
  if (!stat.isDirectory()) {
    return { removed: false, left: [{ path: scratch.folder, reason: 'not a folder' }] };
  }
  const left: { path: string; reason: string }[] = [];
  const attempt = (path: string, remove: (path: string) => void) => {
    try {
      remove(path);
    } catch (error) {
      left.push({ path, reason: (error as Error).message });
    }
  };
  if (existsSync(scratch.devices)) attempt(scratch.devices, rmdirSync);
  for (const name of readdirSync(scratch.folder)) attempt(join(scratch.folder, name), removeIfPresent);
  attempt(scratch.folder, rmdirSync);
  return { removed: left.length === 0, left };
}
