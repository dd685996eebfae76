// Bottles for the tests of this package, each on a root of its own unless one is given.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processMark } from '@bot-bottle/durable-fs';
import { type BottlePaths, bottlePaths, reserveIdentity } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';

/** A reservation, as a start makes it. */
export function newBottle(root = temporaryFolder({ memory: true })): BottlePaths {
  return bottlePaths(root, reserveIdentity(root, 'demo'));
}

/** One that has been at work: a record, and a conversation. */
export function usedBottle(root?: string): BottlePaths {
  const paths = newBottle(root);
  put(paths.metadata, '{}\n');
  put(`${paths.home}/.claude/projects/one.jsonl`, 'hello\n');
  return paths;
}

export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A claim as durable-fs writes it, by a process that we make up. */
export function plantLease(paths: BottlePaths, owner: Partial<ReturnType<typeof processMark>> = {}): void {
  const { pid, startTime, bootId, pidNamespace } = { ...processMark(), ...owner };
  const record = { pid, start_time: startTime, boot_id: bootId, pid_namespace: pidNamespace, note: {} };
  put(
    `${paths.lease}/owner-${pid}-${randomBytes(6).toString('hex')}.json`,
    `${JSON.stringify(record, null, 2)}\n`,
  );
}
