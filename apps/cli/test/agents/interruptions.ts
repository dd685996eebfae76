import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processMark } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { keeperOf, type Operator, until } from '../support/cli.js';

type Interrupt = (operator: Operator, bottle: BottlePaths) => Promise<void>;

/** What a session can end by while its agent is at work. */
export const INTERRUPTIONS: readonly (readonly [title: string, interrupt: Interrupt])[] = [
  ['bot-bottle stop, from the snapshot alone', stop],
  ["kill -9 of the bottle's keeper", killKeeper],
  ['a re-boot of the machine', reboot],
];

/** The home goes too, so that only the snapshot of the conversation is left. */
async function stop(operator: Operator, bottle: BottlePaths): Promise<void> {
  const { code, stderr } = await operator.run(['stop', bottle.identity, '--grace', '3']);
  if (code !== 0) throw new Error(stderr);
  rmSync(bottle.home, { recursive: true });
}

async function killKeeper(_: Operator, bottle: BottlePaths): Promise<void> {
  process.kill(keeperOf(bottle) ?? Number.NaN, 'SIGKILL');
  await until(() => keeperOf(bottle) === null);
}

/**
 * What a re-boot leaves: nothing runs, and the lease names a process of another boot. To make the boot's id alone tell it,
 * the process that it names runs: it is this one.
 */
async function reboot(operator: Operator, bottle: BottlePaths): Promise<void> {
  await killKeeper(operator, bottle);
  const [name = ''] = readdirSync(bottle.lease);
  const file = join(bottle.lease, name);
  const { pid, startTime } = processMark();
  const owner = { ...JSON.parse(readFileSync(file, 'utf8')), pid, start_time: startTime };
  writeFileSync(file, JSON.stringify(owner));
  const { code, stderr } = await operator.run(['resume', bottle.identity]);
  writeFileSync(file, JSON.stringify({ ...owner, boot_id: randomUUID() }));
  if (code !== 125 || !stderr.includes(`in use by process ${pid}`))
    throw new Error(`not taken for alive: ${stderr}`);
}
