import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operator } from './cli.js';

/** What the older tool writes for a bottle that ran on Docker, before records named their backend. */
const OLD_RECORD = {
  identity: '',
  agent_name: 'claude',
  cwd: '',
  copy_cwd: false,
  started_at: '2026-01-02T03:04:05.678901+00:00',
  compose_project: '',
  backend: '',
};

/** Puts a bottle into the state folder as another program would; returns its folder. */
export function plant(operator: Operator, identity: string, record: object | string | null = {}): string {
  const folder = join(operator.root, 'state', identity);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (record !== null) {
    const text =
      typeof record === 'string' ? record : JSON.stringify({ ...OLD_RECORD, identity, ...record }, null, 2);
    writeFileSync(join(folder, 'metadata.json'), `${text}\n`);
  }
  return folder;
}

/** The same for a bottle on the local backend, which can be asked whether it runs. */
export function plantLocal(operator: Operator, identity: string, record: object = {}): string {
  return plant(operator, identity, { backend: 'local', ...record });
}

export function markPreserved(folder: string): void {
  writeFileSync(join(folder, '.preserve'), '');
}
