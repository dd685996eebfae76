import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithEngine, makeTestImage } from '@bot-bottle/test-kit';

import { Engine } from '../src/engine.js';
import { Operator, type Outcome } from './operator.js';

/** With no time given an engine sends SIGTERM and SIGKILL right after one another. */
const ENDED_BY_ENGINE = [128 + 15, 128 + 9];

/** Does what it is told, a line at a time, whoever comes and goes. */
const OBEY = 'stty -echo; while :; do if read -r line; then eval "$line"; else sleep 0.1; fi; done';

describeWithEngine('an operator with the ordinary tools', () => {
  beforeAll(() => makeTestImage());

  const operator = new Operator();
  const docker = (...args: string[]) => execFileSync('docker', args, { env: operator.env, encoding: 'utf8' });
  const containers = (id: string) =>
    docker('ps', '--all', '--quiet', '--filter', `label=bot-bottle.identity=${id}`);
  const stateOf = async (id: string) => (await operator.json<{ state: string }>('show', id)).state;
  const preserved = async (): Promise<{ id: string; agent: string; attached: Promise<Outcome> }> => {
    const id = await operator.startAs('talker', '-c', OBEY);
    await operator.run(['preserve', id]);
    // It says something when told: then somebody is attached.
    const attached = operator.run(['attach', id], 'mkdir ~/.talk; echo said >~/.talk/said\n');
    while (!existsSync(join(operator.folder(id), 'agent/home/.talk/said'))) await sleep(20);
    return { id, agent: `bot-bottle-${id}-agent`, attached };
  };
  const isOver = async (id: string) => {
    expect(await stateOf(id)).toBe('preserved');
    expect(containers(id)).toBe('');
    expect(readFileSync(join(operator.folder(id), 'transcript/.talk/said'), 'utf8')).toBe('said\n');
    expect(await operator.run(['rm', '--force', id])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  };

  it('who takes the project down ends the session in order', async () => {
    const { id, attached } = await preserved();
    const file = join(operator.folder(id), 'agent/backend/compose.yaml');
    await new Engine(operator.env).compose(['--file', file, 'down', '--timeout', '0']);
    const { code, stderr } = await attached;
    expect(ENDED_BY_ENGINE).toContain(code);
    expect(stderr).toContain(`bot-bottle resume ${id}`);
    await isOver(id);
  });

  it('who pauses the agent has a bottle that runs, with its keeper and without, and can be stopped', async () => {
    const { id, agent } = await preserved();
    docker('pause', agent);
    expect(await stateOf(id)).toBe('running');
    await operator.killKeeper(id);
    expect(await stateOf(id)).toBe('unattended');
    expect((await operator.run(['prune'])).stdout).toContain(`kept ${id}`);
    expect(await operator.run(['stop', id, '--grace', '0'])).toMatchObject({ code: 0, stdout: `${id}\n` });
    await isOver(id);
  });

  it('who restarts the agent has it on the same terminal, or its session over in order', async () => {
    const { id, agent, attached } = await preserved();
    docker('restart', '--time', '0', agent);
    // Between the two the container is an ended one, and its keeper may look just then: there is nothing to attach to any more.
    await operator.run(['attach', id], 'exit 3\n');
    expect([3, ...ENDED_BY_ENGINE]).toContain((await attached).code);
    await isOver(id);
  });
});
