import { readFileSync } from 'node:fs';

/** A process told apart from a later one with the same number: proc(5), field 22 of stat, and the boot it belongs to. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** Reads what the launch script wrote: the boot id and its own stat line. Null for absent, or anything else. */
export function readProcessRecord(file: string): ProcessRecord | null {
  const [bootId, stat] = (readIfPresent(file) ?? '').split('\n');
  const fields = stat === undefined ? null : parseStat(stat);
  return fields === null || bootId === undefined ? null : { ...fields, bootId };
}

/** True while that very process runs; a zombie does not. */
export function isAlive(record: ProcessRecord): boolean {
  if (readIfPresent('/proc/sys/kernel/random/boot_id')?.trim() !== record.bootId) return false;
  const now = statOf(record.pid);
  return now !== null && now.startTime === record.startTime && now.state !== 'Z' && now.state !== 'X';
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly startTime: string;
}

function statOf(pid: number): ProcessStat | null {
  const text = readIfPresent(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** The command's name stands in parentheses and may hold any character, so the fields are counted from the last one. */
function parseStat(text: string): ProcessStat | null {
  const rest = text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state, parent] = rest;
  const startTime = rest[19];
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid) || state === undefined || startTime === undefined) return null;
  return { pid, parent: Number(parent), state, startTime };
}

export function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH, ENODEV: the process, or the group, ended between the open and the read.
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV'].includes(code ?? '')) return null;
    throw error;
  }
}
