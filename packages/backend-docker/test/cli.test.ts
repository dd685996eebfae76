import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { Operator } from './operator.js';

/** Names of the containers that are there for a bottle. */
const containers = (identity: string, ...options: string[]) =>
  execFileSync(
    'docker',
    [
      'ps',
      '--all',
      '--format',
      '{{.Names}}',
      '--filter',
      `label=bot-bottle.identity=${identity}`,
      ...options,
    ],
    { encoding: 'utf8' },
  )
    .split('\n')
    .filter(name => name !== '')
    .sort();

const REQUEST =
  'exec 3<>/dev/tcp/127.0.0.1/3128; printf "GET http://%s/ HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "$1" "$1" >&3; cat <&3';

describeWithEngine('bot-bottle on a container engine', () => {
  let operator: Operator;
  beforeAll(makeTestImage);
  beforeEach(() => {
    operator = new Operator();
  });
  afterEach(async () => {
    const state = join(operator.root, 'state');
    for (const identity of existsSync(state) ? readdirSync(state) : [])
      await operator.run(['rm', '--force', identity]);
  });

  it('runs a session to its end and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await operator.run([
      'start',
      'shell',
      '--',
      '-c',
      'echo from "$HOME"; exit 7',
    ]);
    expect({ code, stdout }).toEqual({ code: 7, stdout: expect.stringContaining('from /home/agent') });
    const [, identity = ''] = /(shell-[a-z0-9]{5})/.exec(stderr) ?? [];
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
    expect(containers(identity)).toEqual([]);
  });

  it('says that a bottle wanted more memory than it has', async () => {
    operator.configure({ shell: { image: TEST_IMAGE } }, 'docker', { memory: '64MiB' });
    const { code, stderr } = await operator.run(['start', 'shell', '--', '-c', 'tail /dev/zero; exit 3']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^bot-bottle: the kernel killed a process in it that wanted more memory/m);
  });

  it('is shown by doctor to keep its bottles from the network', async () => {
    const { stdout } = await operator.run(['doctor']);
    expect(stdout).toMatch(/^ok +backend docker: /m);
    expect(stdout).toMatch(
      /^ok +backend docker, network: a bottle reached what was allowed, was denied the rest/m,
    );
  });

  it('keeps and resumes a bottle, with its workspace and its home', async () => {
    const identity = await operator.start('-c', 'read x; echo "$x" >made; echo "$x" >~/.bash_history');
    await operator.run(['preserve', identity]);
    expect(await operator.run(['attach', identity], 'work\n')).toMatchObject({ code: 0 });
    expect(containers(identity)).toEqual([]);
    const kept = join(operator.folder(identity), 'transcript/.bash_history');
    expect(readFileSync(kept, 'utf8')).toBe('work\n');
    const resumed = await operator.run(['resume', identity], 'again\n');
    expect(resumed.stderr).toMatch(/back: the workspace/);
    expect(resumed.code).toBe(0);
  });

  it('takes over an agent that ran on when its keeper was killed', async () => {
    const identity = await operator.start(
      '-c',
      'count=0; while read -r x; do count=$((count + 1)); echo "$count $x"; done',
    );
    process.kill(operator.keeperOf(identity), 'SIGKILL');
    // The terminal that the keeper held is gone with it; the agent is not.
    await sleep(200);
    expect(containers(identity, '--filter', 'status=running')).toHaveLength(2);
    const before = execFileSync('docker', [
      'inspect',
      '--format',
      '{{.State.Pid}}',
      `bot-bottle-${identity}-agent`,
    ]);
    // What runs keeps its limits: the question is refused, and nothing else is done.
    expect(await operator.run(['resume', identity, '--detach', '--new-limits'])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(`try: bot-bottle stop ${identity}`),
    });
    const { code, stderr } = await operator.run(['resume', identity, '--detach']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('the agent itself') });
    const after = execFileSync('docker', [
      'inspect',
      '--format',
      '{{.State.Pid}}',
      `bot-bottle-${identity}-agent`,
    ]);
    expect(`${after}`).toBe(`${before}`);
    expect(await operator.run(['stop', identity, '--grace', '0'])).toMatchObject({ code: 0 });
    expect(containers(identity)).toEqual([]);
  });

  it('reaches through its proxy what is allowed, live, and is told what is not', async () => {
    const origin = createServer((_request, response) => response.end('the origin answers'));
    await new Promise<void>(resolve => origin.listen(0, '127.0.0.1', resolve));
    const target = `host.bot-bottle.internal:${(origin.address() as AddressInfo).port}`;
    try {
      const identity = await operator.start(
        '-c',
        `while :; do bash -c '${REQUEST}' ask ${target}; sleep 0.2; done`,
      );
      const shown = () => readFileSync(join(operator.folder(identity), 'terminal.log'), 'utf8');
      while (!shown().includes('403 Forbidden')) await sleep(50);
      const allowed = await operator.run(['allow', identity, `${target} private`]);
      expect(allowed.stdout).toMatch(/in force after \d+ ms/);
      while (!shown().includes('the origin answers')) await sleep(50);
      const { stdout } = await operator.run(['egress', identity, '--denied']);
      expect(stdout).toContain('host.bot-bottle.internal');
      await operator.run(['stop', identity, '--grace', '0']);
    } finally {
      origin.close();
    }
  });
});
