import { execFileSync, spawn as spawnProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { spawn } from '@lydell/node-pty';
import { BUNDLE, Operator } from './operator.js';

const docker = (...args: string[]) =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
const imagesOf = (identity: string) =>
  docker(
    'image',
    'ls',
    '--format',
    '{{.Repository}}:{{.Tag}}',
    '--filter',
    `label=bot-bottle.image.identity=${identity}`,
  );
const agentOf = (identity: string) =>
  docker('inspect', '--format', '{{.Id}}', `bot-bottle-${identity}-agent`);

/** Begins a conversation in its home, or goes on with that; says of each tool whether its image has it; ends with its input. */
const AGENT = `
if [ "$1" = --go-on ]; then echo "goes on with $(cat ~/.conversation/log)"
else mkdir -p ~/.conversation; echo "what it began" >~/.conversation/log; fi
for tool in first second; do $tool 2>/dev/null || echo "no $tool tool"; done
echo ready
cat >/dev/null
`;

/** An operator with an agent whose image is built of a Dockerfile, with two tools in the context. */
class ImageOperator extends Operator {
  readonly images = join(this.root, 'images');

  constructor() {
    super();
    mkdirSync(this.images);
    // An engine that was here before may have an image of all the rest.
    writeFileSync(join(this.images, 'unlike-any-other'), randomUUID());
    for (const name of ['first', 'second']) this.tool(name, `the ${name} tool works`);
    this.dockerfile('COPY first /bin/first');
    const agent = {
      command: ['sh', '-c', AGENT, 'agent'],
      resumeArgs: ['--go-on'],
      transcript: ['.conversation'],
      dockerfile: 'images/Dockerfile',
    };
    this.configure({ worker: agent });
  }

  tool(name: string, says: string): void {
    writeFileSync(join(this.images, name), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
  }

  dockerfile(steps: string): void {
    writeFileSync(join(this.images, 'Dockerfile'), `FROM ${TEST_IMAGE}\n${steps}\n`);
  }

  /** Starts the agent, and waits until it has looked for its tools. */
  async work(...options: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(['start', 'worker', '--detach', ...options]);
    if (code !== 0) throw new Error(stderr);
    await this.shows(stdout.trim(), 'ready');
    return stdout.trim();
  }

  phase(identity: string): string {
    return JSON.parse(readFileSync(join(this.folder(identity), 'session.json'), 'utf8')).phase;
  }

  shown(identity: string): string {
    return readFileSync(join(this.folder(identity), 'terminal.log'), 'utf8');
  }

  async shows(identity: string, text: string): Promise<void> {
    while (!this.shown(identity).includes(text)) await sleep(20);
  }

  /** Edits the bottle's Dockerfile with a program that adds a line. */
  async add(identity: string, line: string): Promise<void> {
    this.env['EDITOR'] = `printf '%s\\n' '${line}' >>`;
    const { code, stderr } = await this.run(['image', identity, '--edit']);
    if (code !== 0) throw new Error(stderr);
  }
}

describeWithEngine("a bottle's image", () => {
  let operator: ImageOperator;
  beforeAll(makeTestImage);
  beforeEach(() => {
    operator = new ImageOperator();
  });
  afterEach(async () => {
    const state = join(operator.root, 'state');
    for (const identity of existsSync(state) ? readdirSync(state) : [])
      await operator.run(['rm', '--force', identity]);
  });

  it("is built of its agent's Dockerfile, once, and says how it comes along", async () => {
    const first = await operator.run(['start', 'worker']);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('the first tool works') });
    expect(first.stdout).toContain('no second tool');
    const lines = first.stderr.split('\n');
    expect(lines[0]).toBe(`building the image of ${operator.images}/Dockerfile`);
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/COPY first/)]));
    expect((await operator.run(['start', 'worker'])).stderr).not.toContain('COPY first');
    operator.tool('first', 'the first tool works better');
    const program = await operator.run(['start', 'worker', '--detach', '--json']);
    expect(program.stderr).toBe('');
    expect(JSON.parse(program.stdout)).toMatchObject({ identity: expect.stringMatching(/^worker-/) });
  });

  it('is not there where its build fails, and neither is the bottle', async () => {
    operator.dockerfile('RUN echo the last words; false');
    const { code, stderr } = await operator.run(['start', 'worker', '--json']);
    expect(code).toBe(125);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'build-failed',
        message: expect.stringMatching(
          /^the image was not built:\n(?:.*\n)*the last words\n(?:.*\n)*.*non-zero code: 1$/,
        ),
        details: [],
        try: [`"\${EDITOR:-vi}" ${operator.images}/Dockerfile`],
      },
    });
    expect(existsSync(join(operator.root, 'state'))).toBe(false);
  });

  it('is rebuilt under a running agent, whose conversation goes on in it', async () => {
    const identity = await operator.work('--label', 'task=42', '--allow', 'example.org');
    const record = readFileSync(join(operator.folder(identity), 'metadata.json'), 'utf8');
    const policy = (await operator.run(['policy', identity, '--json'])).stdout;
    const before = agentOf(identity);
    await operator.add(identity, 'COPY absent /bin/second');
    const failed = await operator.run(['rebuild', identity, '--yes', '--detach']);
    expect(failed).toMatchObject({ code: 125, stderr: expect.stringMatching(/absent/) });
    expect(failed.stderr).toContain(`try: bot-bottle image ${identity} --edit`);
    expect([agentOf(identity), imagesOf(identity)]).toEqual([before, '']);

    operator.env['EDITOR'] = "sed -i '$d'";
    await operator.run(['image', identity, '--edit']);
    await operator.add(identity, 'COPY second /bin/second');
    const unasked = await operator.run(['rebuild', identity, '--detach']);
    expect(unasked).toMatchObject({ code: 125, stdout: '' });
    expect(unasked.stderr).toContain('will be back: its conversation (.conversation), resumed by --go-on');
    expect(unasked.stderr).toContain('will NOT be back: its processes');
    expect(unasked.stderr).toContain(`try: bot-bottle rebuild ${identity} --yes`);
    expect(agentOf(identity)).toBe(before);

    const { code, stdout, stderr } = await operator.run(['rebuild', identity, '--yes', '--detach']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${identity}\n` });
    expect(stderr).toContain('back: the image of its own Dockerfile');
    expect(stderr).toContain('back: transcript .conversation');
    await operator.shows(identity, 'the second tool works');
    expect(operator.shown(identity)).toContain('the first tool works');
    expect(operator.shown(identity)).toContain('goes on with what it began');
    expect(readFileSync(join(operator.folder(identity), 'metadata.json'), 'utf8')).toBe(record);
    expect(JSON.parse((await operator.run(['policy', identity, '--json'])).stdout).allowlist).toEqual(
      JSON.parse(policy).allowlist,
    );
    expect(imagesOf(identity)).toBe(`bot-bottle-rebuilt-${identity}:latest`);

    // It was not preserved before, and is not now: with the bottle goes its image.
    expect(await operator.run(['attach', identity])).toMatchObject({ code: 0 });
    expect([existsSync(operator.folder(identity)), imagesOf(identity)]).toEqual([false, '']);
  });

  it("leaves out of its own what BuildKit leaves out of its agent's", async () => {
    Object.assign(operator.env, { DOCKER_BUILDKIT: '1', PATH: `/usr/bin:${operator.env['PATH']}` });
    operator.dockerfile('COPY first second* /bin/');
    writeFileSync(join(operator.images, 'Dockerfile.dockerignore'), 'second\n');
    const identity = await operator.work();
    expect(operator.shown(identity)).toMatch(/the first tool works\s+no second tool/);
    await operator.add(identity, 'ENV A=b');
    await operator.run(['rebuild', identity, '--yes', '--detach']);
    await operator.shows(identity, 'goes on with what it began');
    await operator.shows(identity, 'ready');
    expect(imagesOf(identity)).toBe(`bot-bottle-rebuilt-${identity}:latest`);
    expect(operator.shown(identity)).not.toContain('the second tool works');
  });

  it('is rebuilt by resume where it was changed, and a failed build leaves the bottle as it was', async () => {
    const identity = await operator.work('--preserve');
    await operator.run(['stop', identity, '--grace', '0']);
    await operator.add(identity, 'RUN false');
    const session = readFileSync(join(operator.folder(identity), 'session.json'), 'utf8');
    const failed = await operator.run(['resume', identity, '--detach']);
    expect(failed).toMatchObject({ code: 125, stderr: expect.stringContaining('non-zero code: 1') });
    expect(readFileSync(join(operator.folder(identity), 'session.json'), 'utf8')).toBe(session);
    expect(existsSync(join(operator.folder(identity), '.preserve'))).toBe(true);
    await operator.run(['image', identity, '--reset']);
    await operator.add(identity, 'COPY second /bin/second');
    expect((await operator.run(['rebuild', identity])).stdout).toBe(
      `bot-bottle-rebuilt-${identity}:latest\n`,
    );
    const { stderr } = await operator.run(['resume', identity]);
    expect(stderr).toContain('back: the image of its own Dockerfile');
    // Built already: nothing of it is said again.
    expect(stderr).not.toContain('building');
    expect(existsSync(operator.folder(identity))).toBe(false);
  });

  it('goes on after a kill of the command between the end of the old agent and the start of the new', async () => {
    const identity = await operator.work();
    await operator.add(identity, 'COPY second /bin/second');
    const command = [BUNDLE, 'rebuild', identity, '--yes', '--detach'];
    const rebuild = spawnProcess(process.execPath, command, {
      env: operator.env,
      cwd: operator.home,
      stdio: 'ignore',
    });
    while (operator.phase(identity) === 'running') await sleep(5);
    rebuild.kill('SIGKILL');
    while ((await operator.run(['list', '--state', 'preserved', '--quiet'])).stdout === '') await sleep(50);
    expect(await operator.run(['resume', identity, '--detach'])).toMatchObject({ code: 0 });
    await operator.shows(identity, 'the second tool works');
    expect(operator.shown(identity)).toContain('goes on with what it began');
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0 });
    expect(imagesOf(identity)).toBe('');
  });

  it('is shown, compared and reset', async () => {
    const identity = await operator.work();
    const image = (...options: string[]) => operator.run(['image', identity, ...options]);
    const original = `FROM ${TEST_IMAGE}\nCOPY first /bin/first\n`;
    expect(await image()).toMatchObject({ code: 0, stdout: original });
    expect((await image('--diff')).stdout).toBe('');
    operator.env['EDITOR'] = 'true';
    expect(await image('--edit', '--json')).toMatchObject({
      stdout: expect.stringContaining('"changed": false'),
    });
    expect(existsSync(join(operator.folder(identity), 'Dockerfile'))).toBe(false);

    operator.env['VISUAL'] = "printf 'ENV A=b\\n' >>";
    const edited = await image('--edit');
    expect(edited).toMatchObject({ code: 0, stdout: `${identity}\n` });
    expect(edited.stderr).toContain(`bot-bottle rebuild ${identity}`);
    expect(readFileSync(join(operator.folder(identity), 'Dockerfile'), 'utf8')).toBe(`${original}ENV A=b\n`);
    expect((await image('--diff')).stdout).toBe(
      `--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,3 @@\n FROM ${TEST_IMAGE}\n COPY first /bin/first\n+ENV A=b\n`,
    );
    expect(JSON.parse((await image('--json')).stdout)).toEqual({
      identity,
      override: true,
      image: `bot-bottle-rebuilt-${identity}:latest`,
      path: join(operator.folder(identity), 'Dockerfile'),
      context: operator.images,
      dockerfile: `${original}ENV A=b\n`,
    });

    operator.env['VISUAL'] = 'exit 3; true';
    expect(await image('--edit')).toMatchObject({ code: 1, stderr: expect.stringContaining('ended with 3') });
    operator.env['VISUAL'] = 'printf " " >';
    const blank = await image('--edit');
    expect(blank).toMatchObject({ code: 1, stderr: expect.stringContaining('must not be blank') });
    const [, kept = ''] = /what you wrote: (\S+)/.exec(blank.stderr) ?? [];
    expect(readFileSync(kept, 'utf8')).toBe(' ');
    expect(readFileSync(join(operator.folder(identity), 'Dockerfile'), 'utf8')).toBe(`${original}ENV A=b\n`);
    expect(await image('--edit', '--reset')).toMatchObject({ code: 2 });

    expect(await image('--reset')).toEqual({ code: 0, stdout: `${identity}\n`, stderr: '' });
    expect((await image()).stdout).toBe(original);
    expect(JSON.parse((await image('--reset', '--json')).stdout)).toEqual({
      identity,
      reset: false,
      left: [],
    });
  });

  it('is reset also while the engine is down, and says that the image stays until the bottle goes', async () => {
    const identity = await operator.work();
    await operator.add(identity, 'COPY second /bin/second');
    await operator.run(['rebuild', identity, '--yes', '--detach']);
    const name = `bot-bottle-rebuilt-${identity}:latest`;
    expect(imagesOf(identity)).toContain(name.split(':')[0]);
    const down = { DOCKER_HOST: 'unix:///nonexistent.sock' };
    const { code, stdout, stderr } = await operator.run(['image', identity, '--reset'], '', down);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${identity}\n` });
    expect(stderr).toMatch(
      new RegExp(`^bot-bottle: not removed: ${name} \\(.+\\); it goes with the bottle\n$`),
    );
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0 });
    expect(imagesOf(identity)).toBe('');
  });

  it('is rebuilt on a terminal only after a yes, and shows the build live', async () => {
    const identity = await operator.work();
    await operator.add(identity, 'COPY second /bin/second');
    const before = agentOf(identity);
    const no = await onTerminal(identity, 'n');
    expect(no).toEqual({ exitCode: 0, shown: expect.stringContaining('nothing was done') });
    expect([agentOf(identity), no.shown]).toEqual([before, expect.not.stringContaining('COPY second')]);
    const yes = await onTerminal(identity, 'y');
    expect(yes.exitCode).toBe(0);
    const line = yes.shown.split('\n').find(text => text.includes('COPY second'));
    const [dim = ''] = styleText('dim', '|', { validateStream: false }).split('|');
    expect(line).toContain(dim);
    await operator.shows(identity, 'the second tool works');
    expect(agentOf(identity)).not.toBe(before);
  });

  /** Has a bottle rebuilt at a terminal, by somebody who gives this answer. */
  async function onTerminal(identity: string, answer: string): Promise<{ exitCode: number; shown: string }> {
    const env = { ...operator.env, TERM: 'xterm-256color' };
    const argv = [BUNDLE, 'rebuild', identity, '--detach'];
    const terminal = spawn(process.execPath, argv, { env, cwd: operator.home, cols: 200, rows: 40 });
    let shown = '';
    let asked = false;
    terminal.onData(text => {
      shown += text;
      if (asked || !shown.includes('[y/N]')) return;
      asked = true;
      terminal.write(`${answer}\r`);
    });
    const { exitCode } = await new Promise<{ exitCode: number }>(resolve => terminal.onExit(resolve));
    return { exitCode, shown };
  }
});
