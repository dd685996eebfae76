import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleRef } from '@bot-bottle/backend';
import { describeWithOwnEngine, makeTestImage, OwnEngine, temporaryFolder } from '@bot-bottle/test-kit';
import { containersOf, removeContainers } from '../src/containers.js';
import { Engine } from '../src/engine.js';
import { stopAgent } from '../src/stop.js';
import { Operator } from './operator.js';

/** Does what it is told, a line at a time, whoever comes and goes. */
const OBEY = 'stty -echo; while :; do if read -r line; then eval "$line"; else sleep 0.1; fi; done';

describeWithOwnEngine('an engine', () => {
  let engine: OwnEngine;
  let operator: Operator;
  beforeAll(async () => {
    engine = new OwnEngine();
    operator = new Operator('docker', { DOCKER_HOST: engine.address });
    await engine.start();
    makeTestImage(operator.env);
    await engine.shutDown();
  });
  beforeEach(() => engine.start());
  afterEach(async () => {
    engine.thaw();
    for (const id of readdirSync(join(operator.root, 'state'))) await operator.run(['rm', '--force', id]);
    await engine.shutDown();
  });
  afterAll(() => engine.stop());

  const docker = (...args: string[]) => execFileSync('docker', args, { env: operator.env, encoding: 'utf8' });
  const containers = () => docker('ps', '--all', '--quiet').trim();
  const session = (id: string) => readFileSync(join(operator.folder(id), 'session.json'), 'utf8');
  const stateOf = async (id: string) => (await operator.json<{ state: string }>('show', id)).state;
  const preserved = async () => {
    const id = await operator.startAs('talker', '-c', OBEY);
    await operator.run(['preserve', id]);
    return id;
  };
  const end = (id: string) =>
    operator.run(['attach', id], 'mkdir -p ~/.talk; echo said >~/.talk/said; exit 0\n');
  const remove = async (...ids: string[]) => {
    for (const id of ids)
      expect(await operator.run(['rm', '--force', id])).toMatchObject({ code: 0, stderr: '' });
    expect(containers()).toBe('');
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  };

  it('that is down is one clear line for each command, and the next one goes on', async () => {
    const ended = await preserved();
    await end(ended);
    const alone = await preserved();
    await operator.killKeeper(alone);
    await engine.shutDown();
    const before = [ended, alone].map(session);
    const down = new RegExp(
      `^bot-bottle: .*the engine is down: .*${engine.address}.*\n  try: systemctl start docker\n$`,
    );
    for (const [args, code] of [
      [['start', 'talker', '--detach'], 125],
      [['resume', ended, '--detach'], 125],
      [['resume', alone, '--detach'], 125],
      [['stop', alone], 1],
      [['rm', '--force', alone], 1],
    ] as const) {
      expect({ args, ...(await operator.run(args)) }).toEqual({
        args,
        code,
        stdout: '',
        stderr: expect.stringMatching(down),
      });
    }
    expect(await operator.run(['stop', ended])).toMatchObject({
      code: 0,
      stderr: `bot-bottle: ${ended} does not run\n`,
    });
    expect(await operator.run(['attach', alone])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(`try: bot-bottle resume ${alone}`),
    });
    const listed = await operator.run(['list']);
    expect(listed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/what runs on docker is not known: the engine is down/),
    });
    expect(listed.stdout).toMatch(new RegExp(`${ended}.*preserved`));
    expect(listed.stdout).toMatch(new RegExp(`${alone}.*dead, preserved`));
    expect(await operator.run(['show', alone])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/at backend +unknown/),
    });
    expect((await operator.run(['doctor'])).stdout).toMatch(
      /backend docker: the engine is down.*\n +try: systemctl start docker/,
    );
    expect([ended, alone].map(session)).toEqual(before);

    await engine.start();
    for (const id of [ended, alone]) {
      expect(await operator.run(['resume', id, '--preserve'], 'exit 3\n')).toMatchObject({ code: 3 });
      expect(await stateOf(id)).toBe('preserved');
    }
    await remove(ended, alone);
  });

  it('that hangs while a bottle is stopped keeps all of it, and the next stop finishes', async () => {
    const id = await preserved();
    const outside = temporaryFolder();
    writeFileSync(join(outside, 'said'), 'key of the operator');
    // Meanwhile it swaps its conversation for a link out of the bottle, again and again.
    const swap = `ln -s ${outside} ~/away; mkdir ~/.talk; echo said >~/.talk/said; (trap '' TERM HUP; while :; do mv ~/.talk ~/kept; mv ~/away ~/.talk; mv ~/.talk ~/away; mv ~/kept ~/.talk; done) & echo ready >~/ready\n`;
    void operator.run(['attach', id], swap);
    while (!existsSync(join(operator.folder(id), 'agent/home/ready'))) await sleep(20);
    engine.freeze();
    const hung = await operator.run(['stop', id, '--grace', '0']);
    expect(hung).toMatchObject({ code: 1, stdout: '' });
    expect(hung.stderr).toContain(`${id} may run on, and its state is kept: `);
    expect(hung.stderr).toContain(`the engine at ${engine.address} hangs: no answer within`);
    expect(hung.stderr).toContain(`  try: bot-bottle stop ${id}\n`);
    const resumed = await operator.run(['resume', id, '--detach']);
    expect(resumed).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(
        /^bot-bottle: the engine at .* hangs: .*\n {2}try: systemctl restart docker\n$/,
      ),
    });
    expect((await operator.run(['list'])).stdout).toMatch(new RegExp(`${id}.*dead, preserved`));
    engine.thaw();
    expect(await stateOf(id)).toBe('unattended');
    expect(await operator.run(['stop', id, '--grace', '0'])).toMatchObject({ code: 0, stdout: `${id}\n` });
    expect(await stateOf(id)).toBe('preserved');
    const saved = join(operator.folder(id), 'transcript/.talk/said');
    expect(existsSync(saved) ? readFileSync(saved, 'utf8') : 'said\n').toBe('said\n');
    await remove(id);
  });

  it('whose container runtime alone hangs is waited for once, and the next stop finishes', async () => {
    const id = await preserved();
    await operator.killKeeper(id);
    const ref = { identity: id, stateFolder: join(operator.folder(id), 'agent/backend') } as BottleRef;
    const patient = new Engine(operator.env, { changeMs: 2_000, hungMs: 500 });
    engine.freeze('containerd');
    const hangs = (seconds: number) => ({
      code: 'unavailable',
      message: expect.stringMatching(new RegExp(`hangs: no answer within ${seconds} seconds$`)),
    });
    await expect(stopAgent(patient, ref, 0)).rejects.toMatchObject(hangs(2));
    const ids = await containersOf(patient, ref);
    expect(ids).toHaveLength(2);
    await expect(removeContainers(patient, ids)).rejects.toMatchObject(hangs(0.5));
    engine.thaw();
    expect(await operator.run(['stop', id, '--grace', '0'])).toMatchObject({ code: 0 });
    await remove(id);
  });

  it('that restarts ends its bottles in order, with what they said', async () => {
    const id = await preserved();
    void operator.run(['attach', id], 'mkdir -p ~/.talk; echo said >~/.talk/said; echo ready >~/ready\n');
    while (!existsSync(join(operator.folder(id), 'agent/home/ready'))) await sleep(20);
    await engine.shutDown();
    await engine.start();
    while ((await stateOf(id)) !== 'preserved') await sleep(200);
    expect(JSON.parse(session(id))).toMatchObject({ phase: 'ended', problems: [] });
    expect(readFileSync(join(operator.folder(id), 'transcript/.talk/said'), 'utf8')).toBe('said\n');
    expect(containers()).toBe('');
    await remove(id);
  });

  it('that restarts under its containers leaves them to their keepers', async () => {
    await engine.shutDown();
    await engine.start('--live-restore');
    const id = await preserved();
    await engine.shutDown();
    await engine.start('--live-restore');
    const { code, stdout } = await operator.run(['attach', id], 'echo still $((40 + 2)); exit 5\n');
    expect({ code, stdout }).toEqual({ code: 5, stdout: expect.stringContaining('still 42') });
    await remove(id);
  });
});
