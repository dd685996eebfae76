import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithOwnEngine, makeTestImage, OwnEngine } from '@bot-bottle/test-kit';
import { GateClient } from './gate-client.js';
import { Operator, type Outcome } from './operator.js';

/** Obeys a terminal, a line at a time, whoever comes and goes. */
const OBEY = 'stty -echo; while :; do if read -r line; then eval "$line"; else sleep 0.1; fi; done';

type Command = 'start' | 'resume' | 'rm' | 'prune';
/** Calls that change something at the engine, one of each command. */
const CHANGES: Readonly<Record<Command, string>> = {
  start: 'up --no-start',
  resume: 'exec',
  rm: 'rm --force',
  prune: 'rm --force',
};

describeWithOwnEngine('in the middle of a command', () => {
  let engine: OwnEngine;
  let operator: Operator;
  let gates: GateClient[] = [];
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
    for (const gate of gates) gate.open();
    gates = [];
    for (const id of bottles()) await operator.run(['rm', '--force', id]);
    await engine.shutDown();
  });
  afterAll(() => engine.stop());

  const docker = (...args: string[]) => execFileSync('docker', args, { env: operator.env, encoding: 'utf8' });
  const lines = (text: string) => text.split('\n').filter(line => line !== '');
  /** All that the engine has of a bottle's, or of anybody's. */
  const atEngine = (identity?: string) => {
    const filter = identity === undefined ? [] : ['--filter', `label=bot-bottle.identity=${identity}`];
    return {
      containers: lines(docker('ps', '--all', '--format', '{{.Names}}', ...filter)).sort(),
      volumes: lines(docker('volume', 'ls', '--quiet')),
      networks: lines(docker('network', 'ls', '--format', '{{.Name}}', '--filter', 'type=custom')),
    };
  };
  const NOTHING = { containers: [], volumes: [], networks: [] };
  const bottles = () => readdirSync(join(operator.root, 'state'));
  const record = (id: string) => readFileSync(join(operator.folder(id), 'metadata.json'), 'utf8');
  const stateOf = async (id: string) => (await operator.json<{ state: string }>('show', id)).state;

  /** A kept bottle that works. */
  const preserved = async () => {
    const id = await operator.startAs('talker', '-c', OBEY);
    await operator.run(['preserve', id]);
    return id;
  };
  /** Its keeper is dead, and its agent runs on. */
  const unattended = async () => {
    const id = await preserved();
    await operator.killKeeper(id);
    return id;
  };
  /** Nobody kept it, its keeper is dead, and its agent too. */
  const abandoned = async () => {
    const id = await operator.startAs('talker', '-c', OBEY);
    await operator.killKeeper(id);
    docker('kill', `bot-bottle-${id}-agent`);
    return id;
  };
  /** Begins a command; returns when it waits at the call with these words. */
  const midway = async (words: string, ...args: string[]) => {
    const gate = new GateClient(words);
    gates.push(gate);
    const command = { over: operator.run(args, '', gate.env) };
    const early = await Promise.race([gate.reached(), command.over]);
    if (early !== undefined) throw new Error(`${args.join(' ')} made no call "${words}": ${early.stderr}`);
    return command;
  };
  const atCalls = async (calls: Readonly<Record<Command, string>>) => {
    const [resumed, removed, pruned] = [await unattended(), await unattended(), await abandoned()];
    const records = [resumed, removed, pruned].map(record);
    const begun = await Promise.all([
      midway(calls.start, 'start', 'shell', '--detach', '--preserve', '--', '-c', OBEY),
      midway(calls.resume, 'resume', resumed, '--detach', '--preserve'),
      midway(calls.rm, 'rm', '--force', removed),
      midway(calls.prune, 'prune'),
    ]);
    return { resumed, removed, pruned, records, begun };
  };
  const over = async (begun: readonly { readonly over: Promise<Outcome> }[]) => {
    for (const gate of gates) gate.open();
    return Promise.all(begun.map(command => command.over));
  };
  /** What each of the commands was to do, the next one does. */
  const finish = async ({ resumed, removed, pruned, records }: Awaited<ReturnType<typeof atCalls>>) => {
    expect([resumed, removed, pruned].map(record)).toEqual(records);
    expect(await operator.run(['prune'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`removed ${pruned}`),
    });
    expect(atEngine(pruned).containers).toEqual([]);
    expect(await operator.run(['rm', '--force', removed])).toMatchObject({ code: 0, stderr: '' });
    expect(atEngine(removed).containers).toEqual([]);
    expect(await operator.run(['resume', resumed, '--preserve'], 'exit 3\n')).toMatchObject({ code: 3 });
    expect(await stateOf(resumed)).toBe('preserved');
    expect(await operator.run(['rm', '--force', resumed])).toMatchObject({ code: 0 });
    for (const left of bottles())
      expect(await operator.run(['rm', '--force', left])).toMatchObject({ code: 0 });
    expect({ ...atEngine(), bottles: bottles() }).toEqual({ ...NOTHING, bottles: [] });
  };

  const failed = (code: number, line: string, remedy: string, left = '') => ({
    code,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^bot-bottle: ${line}\n${left}  try: ${remedy}\n$`)),
  });
  /** Of a prune, which asks for images last. */
  const unknown = (line: string, remedy: string) =>
    expect.stringMatching(
      new RegExp(`^bot-bottle: what docker has without a record is not known: ${line}\n  try: ${remedy}\n$`),
    );
  /** Of a start whose undoing met the same engine. */
  const LEFT = '  left: .*/state/shell-[a-z0-9]{5} \\(.*\\)\n';

  it('an engine that hangs is one clear line, and once it answers the next command finishes', async () => {
    // Each a question, or followed by one: of a change that hangs one is told after a minute.
    const all = await atCalls({
      start: 'start --attach --interactive',
      resume: 'container inspect',
      rm: 'ps --all --quiet',
      prune: 'ps --all --quiet',
    });
    engine.freeze();
    const hangs = `the engine at ${engine.address} hangs: no answer within \\d+ seconds`;
    expect(await over(all.begun)).toEqual([
      failed(125, hangs, 'systemctl restart docker', LEFT),
      failed(125, hangs, 'systemctl restart docker'),
      failed(1, hangs, 'systemctl restart docker'),
      {
        code: 1,
        stdout: expect.stringMatching(new RegExp(`^kept ${all.pruned}: .*${hangs}$`, 'm')),
        stderr: unknown(hangs, 'systemctl restart docker'),
      },
    ]);
    engine.thaw();
    await finish(all);
  });

  it('an engine that stops is one clear line, also of prune, and once it is back the next command finishes', async () => {
    const all = await atCalls(CHANGES);
    await engine.shutDown();
    const down = `the engine is down: .*${engine.address}.*`;
    expect(await over(all.begun)).toEqual([
      failed(125, down, 'systemctl start docker', LEFT),
      failed(125, down, 'systemctl start docker'),
      failed(1, down, 'systemctl start docker'),
      {
        code: 1,
        stdout: expect.stringMatching(new RegExp(`^kept ${all.pruned}: .*${down}$`, 'm')),
        stderr: unknown(down, 'systemctl start docker'),
      },
    ]);
    const pruned = await operator.run(['prune']);
    expect(pruned).toEqual({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`^kept ${all.pruned}: .*${down}$`, 'm')),
      stderr: expect.stringMatching(
        new RegExp(
          `^bot-bottle: what docker has without a record is not known: ${down}\n  try: systemctl start docker\n$`,
        ),
      ),
    });
    await engine.start();
    await finish(all);
  });
});
