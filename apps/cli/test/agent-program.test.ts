import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator } from './support/cli.js';

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** What `npm install --global --prefix` makes of a package with one program and one dependency; returns the prefix. */
function npmPrefix(program: string): string {
  const prefix = temporaryFolder();
  const packages = join(prefix, 'lib/node_modules');
  write(join(packages, 'tool/bin/tool.js'), `#!/usr/bin/env -S node\n${program}\n`);
  write(join(packages, 'dependency/index.js'), 'module.exports = "1.2.3";\n');
  mkdirSync(join(prefix, 'bin'));
  symlinkSync('../lib/node_modules/tool/bin/tool.js', join(prefix, 'bin/tool'));
  return prefix;
}

function configure(operator: Operator, agents: object): void {
  write(join(operator.root, 'bot-bottle.yaml'), JSON.stringify({ agents }));
}

function withPath(...folders: string[]): Operator {
  return new Operator({ env: { PATH: [...folders, process.env['PATH']].join(':') } });
}

describeWith('bwrap', 'an agent whose program', () => {
  it('lies in a prefix of its own runs in a bottle, with its packages and its interpreter, and sees nothing beside', async () => {
    const prefix = npmPrefix(
      'console.log(require("dependency"), require("fs").readdirSync(process.argv[2]).join())',
    );
    write(join(prefix, 'secret'), 'of the operator');
    const operator = withPath(join(prefix, 'bin'));
    configure(operator, { tool: { command: ['tool'] } });
    const outcome = await operator.run(['start', 'tool', '--', prefix]);
    expect(outcome).toEqual({ code: 0, stdout: '1.2.3 lib\r\n', stderr: '' });
  });

  it('has an installer of its own, below a home that is a link, is run; the rest of the home stays out of sight', async () => {
    const real = temporaryFolder();
    const home = join(temporaryFolder(), 'home');
    symlinkSync(real, home);
    write(join(real, '.local/share/tool/versions/1.0'), '#!/bin/sh\nls -A "$1" "$1/.local/share"\n');
    write(join(real, '.local/share/keyrings/login'), 'of the operator');
    mkdirSync(join(real, '.local/bin'));
    symlinkSync('../share/tool/versions/1.0', join(real, '.local/bin/tool'));
    const operator = new Operator({
      env: { HOME: home, PATH: `${home}/.local/bin:${process.env['PATH']}` },
    });
    configure(operator, { tool: { command: ['tool'] } });
    const { code, stdout } = await operator.run(['start', 'tool', '--', real]);
    expect([code, stdout.match(/\S+/g)]).toEqual([
      0,
      [`${real}:`, '.local', `${real}/.local/share:`, 'tool'],
    ]);
  });

  it('moved since it was started is found again by resume', async () => {
    const first = npmPrefix('console.log("old")');
    const operator = withPath(join(first, 'bin'));
    configure(operator, { tool: { command: ['tool'] } });
    await operator.run(['start', 'tool', '--preserve']);
    const second = npmPrefix('console.log("new")');
    operator.env['PATH'] = `${join(second, 'bin')}:${process.env['PATH']}`;
    const [bottle] = operator.bottles();
    const outcome = await operator.run(['resume', bottle?.identity ?? '']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'new\r\n' });
  });

  it('is not installed is named, with the command that installs it, and leaves no bottle', async () => {
    const operator = new Operator({ env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` } });
    const { code, stderr } = await operator.run(['start', 'claude']);
    expect(code).toBe(125);
    expect(stderr).toBe(
      'bot-bottle: agent "claude" runs "claude", which is not installed; expected it on your PATH\n' +
        '  try: npm install --global @anthropic-ai/claude-code\n',
    );
    expect(operator.bottles()).toEqual([]);
  });

  it('lies among other things is not shown unasked; the line to write is', async () => {
    const folder = temporaryFolder();
    write(join(folder, 'tool'), '#!/bin/sh\necho ran\n');
    const operator = withPath(folder);
    configure(operator, { tool: { command: ['tool'] } });
    const { code, stderr } = await operator.run(['start', 'tool']);
    expect([code, stderr]).toEqual([125, expect.stringContaining('which a bottle does not see')]);
    expect(stderr).toContain(
      `try: "\${EDITOR:-vi}" ${operator.root}/bot-bottle.yaml   # agents: { tool: { toolPaths: [${folder}] } }`,
    );
    configure(operator, { tool: { command: ['tool'], toolPaths: [folder] } });
    expect(await operator.run(['start', 'tool'])).toMatchObject({ code: 0, stdout: 'ran\r\n' });
  });

  it.each(['bin', '.local/bin'])(
    'lies in ~/%s, among the operator’s own scripts, is not shown unasked',
    async bin => {
      const home = temporaryFolder();
      write(join(home, bin, 'tool'), '#!/bin/sh\necho ran\n');
      const operator = new Operator({
        env: { HOME: home, PATH: `${join(home, bin)}:${process.env['PATH']}` },
      });
      configure(operator, { tool: { command: ['tool'] } });
      const { code, stderr } = await operator.run(['start', 'tool']);
      expect([code, stderr]).toEqual([125, expect.stringContaining(`toolPaths: [${join(home, bin)}]`)]);
    },
  );

  it('is a project’s choice shows nothing of this machine', async () => {
    const prefix = npmPrefix('console.log("ran")');
    const operator = withPath(join(prefix, 'bin'));
    const project = join(operator.home, 'project');
    write(join(project, 'bot-bottle.yaml'), 'agents: { tool: { command: [tool] } }\n');
    const { code, stderr } = await operator.run(['start', 'tool'], { cwd: project });
    expect([code, stderr]).toEqual([125, expect.stringContaining('which a bottle does not see')]);
  });

  it('wants a key is started and resumed with one plain line about where that is', async () => {
    const operator = withPath(join(npmPrefix('console.log("ran")'), 'bin'));
    configure(operator, { tool: { extends: 'codex', command: ['tool'] } });
    const none = 'it uses none of CODEX_API_KEY, OPENAI_API_KEY: "tool" has its own log-in, or asks for one';
    const kept =
      'OPENAI_API_KEY stays outside: the bottle has a placeholder, requests to api.openai.com get the key';
    const says = async (args: string[], line: string): Promise<void> => {
      expect(await operator.run(args)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`bot-bottle: ${line}\n`),
      });
    };
    await says(['start', 'tool', '--preserve'], none);
    const [without] = operator.bottles();
    operator.env['OPENAI_API_KEY'] = 'the-key';
    await says(['start', 'tool', '--preserve'], kept);
    const [withKey] = operator.bottles().filter(({ identity }) => identity !== without?.identity);
    await says(['resume', withKey?.identity ?? '', '--preserve'], kept);
    // No route of that one leads a request past a key.
    await says(['resume', without?.identity ?? '', '--preserve'], none);
    expect((await operator.run(['start', 'shell', '--', 'true'])).stderr).toBe('');
  });
});
