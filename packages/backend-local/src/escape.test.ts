import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { BottleSpec } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { operator, run, runOutside } from '../test/bottle.js';
import { perl } from '../test/probes/system-calls.js';

const { backend, spec, home, stateRoot } = operator();
const state = join(stateRoot, 'state');
const root = process.getuid?.() === 0;
const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'probe', ...args];

/** Ends with 0 if the escape succeeded. */
interface Probe {
  readonly what: string;
  command(): string[];
  /** Set on the host, by the operator. */
  readonly env?: () => Record<string, string>;
  /** False where it cannot or must not succeed outside. */
  readonly control?: false;
}

const servers: Server[] = [];
const listening = (options: { port: number; host: string } | { path: string }) =>
  new Promise<Server>(resolve => {
    const server = createServer(socket => socket.end());
    servers.push(server);
    server.listen(options, () => resolve(server));
  });

const key = join(home, '.ssh/id_ed25519');
const agentSocket = join(temporaryFolder(), 'agent.1');
const abstractName = `bot-bottle-test-${process.pid}`;
const sleeper = { pid: 0, kill: () => {} };
let port = 0;

beforeAll(async () => {
  mkdirSync(dirname(key));
  writeFileSync(key, 'private', { mode: 0o600 });
  writeFileSync(join(spec('other-aaaaa').home.source, 'secret'), 'of the other');
  await listening({ path: agentSocket });
  await listening({ path: `\0${abstractName}` });
  const address = (await listening({ port: 0, host: '127.0.0.1' })).address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const child = spawn('sleep', ['600'], { argv0: 'marker-of-the-host', stdio: 'ignore' });
  Object.assign(sleeper, { pid: child.pid, kill: () => child.kill('SIGKILL') });
});

afterAll(async () => {
  sleeper.kill();
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
});

const connectTo = (path: string) =>
  perl(
    'socket(my $s, AF_UNIX, SOCK_STREAM, 0); my $p = shift; $p =~ s/^@/\\0/; connect($s, pack_sockaddr_un($p))',
    path,
  );

const PROBES: readonly Probe[] = [
  { what: 'read the operator’s SSH key', command: () => ['cat', key] },
  { what: 'see the operator’s home', command: () => ['test', '-e', home] },
  {
    what: 'read another bottle’s state',
    command: () => ['cat', join(state, 'other-aaaaa/agent/home/secret')],
  },
  { what: 'list the state of all bottles', command: () => ['ls', state] },
  { what: 'see its own state', command: () => ['ls', join(state, 'probe-files')] },
  {
    what: 'create a control file in its own state',
    command: () => sh(': >"$1/.preserve"', join(state, 'probe-files')),
    control: false,
  },
  {
    what: 'reach it through the first process',
    command: () => ['ls', `/proc/1/root${state}`],
    control: false,
  },
  {
    what: 'reach the state above a bound folder',
    command: () => sh('ls /home/agent/../../local /workspace/../metadata.json'),
    control: false,
  },
  {
    what: 'see the host’s processes',
    command: () => sh('grep -qs marker-of-the-[h]ost /proc/[0-9]*/cmdline'),
  },
  { what: 'signal a process of the host', command: () => sh('kill -0 "$1"', `${sleeper.pid}`) },
  { what: 'reach the host’s loopback', command: () => ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`] },
  { what: 'connect to an abstract socket of the host', command: () => connectTo(`@${abstractName}`) },
  {
    what: 'connect to the SSH agent',
    command: () => connectTo(agentSocket),
    env: () => ({ SSH_AUTH_SOCK: agentSocket }),
  },
  {
    what: 'learn of the SSH agent',
    command: () => sh('test -n "$SSH_AUTH_SOCK"'),
    env: () => ({ SSH_AUTH_SOCK: agentSocket }),
  },
  {
    what: 'read a secret of the operator’s environment',
    command: () => sh('grep -qsa of-the-operator /proc/[0-9]*/environ'),
    env: () => ({ API_KEY: 'of-the-operator' }),
  },
  { what: 'see anything of /run', command: () => sh('test -n "$(ls -A /run)"') },
  {
    what: 'see Docker’s socket',
    command: () => sh('test -e /run/docker.sock || test -e /var/run/docker.sock'),
    control: false,
  },
  { what: 'see the host’s /tmp', command: () => ['test', '-e', dirname(agentSocket)] },
  { what: 'read the host’s passwords', command: () => ['cat', '/etc/shadow'] },
  { what: 'see private TLS keys', command: () => ['test', '-e', '/etc/ssl/private'] },
  { what: 'see who may manage Java', command: () => ['sh', '-c', 'ls -d /etc/java-*/management'] },
  { what: 'see /sys', command: () => ['test', '-e', '/sys/kernel'] },
  {
    what: 'see a disk',
    command: () => sh('ls -l /dev | grep -q ^b || ls /dev/kmsg /dev/mem /dev/kvm /dev/fuse'),
  },
  {
    what: 'have another network interface than its own loopback',
    command: () => sh('test "$(grep -c : /proc/net/dev)" -gt 1'),
    control: false,
  },
  {
    what: 'keep a capability',
    command: () => sh('grep -q "^Cap.*[1-9a-f]$" /proc/self/status'),
    control: false,
  },
  { what: 'be root', command: () => sh('test "$(id -u)" = 0') },
  ...[
    '/',
    '/etc',
    '/usr',
    '/usr/bin',
    '/usr/local',
    '/bin',
    '/run',
    '/var',
    '/home',
    '/dev',
    '/proc',
    '/boot',
  ].map(
    (folder): Probe => ({
      what: `write in ${folder}`,
      command: () => sh(': >"$1/bot-bottle-test-file"', folder),
      control: false,
    }),
  ),
];

describeWith(['bwrap', 'perl'], 'a program in a bottle', () => {
  it.each(PROBES)('cannot $what', async ({ command, env }) => {
    const kept = { ...process.env };
    Object.assign(process.env, env?.());
    try {
      const { code, output } = await run(backend, spec('probe-files', { command: command() }));
      expect(`${code} ${output}`).not.toMatch(/^(0|12[567]) /);
    } finally {
      process.env = kept;
    }
    expect(readdirSync(join(state, 'probe-files')).sort()).toEqual(['agent', 'backend', 'workspace']);
  });

  // The probes themselves work: on the host they succeed.
  const controls = PROBES.filter(({ control }) => control !== false);
  (root ? it.each(controls) : it.skip.each(controls))('could $what outside', async ({ command, env }) => {
    expect(await runOutside(command(), env?.())).toMatchObject({ code: 0 });
  });

  it('gains nothing from a program that is setuid root', async () => {
    const bottle = spec('probe-setid');
    const program = join(bottle.workspace.source, 'whoami');
    copyFileSync('/usr/bin/whoami', program);
    chmodSync(program, 0o4755);
    expect((await run(backend, { ...bottle, command: ['/workspace/whoami'] })).output).toBe('agent\n');
    if (!root) return;
    const outside = temporaryFolder();
    chmodSync(outside, 0o755);
    copyFileSync('/usr/bin/whoami', join(outside, 'whoami'));
    chmodSync(join(outside, 'whoami'), 0o4755);
    const control = ['setpriv', '--reuid=12345', '--clear-groups', join(outside, 'whoami')];
    expect((await runOutside(control)).output).toBe('root\n');
  });

  it.each(['null', 'zero', 'full', 'random', 'urandom', 'tty'])(
    'has a /dev/%s that it can use, and changes no mode of the host’s',
    async name => {
      // Giving a file the mode that it has is as good as any other: it moves the time of the inode's last change.
      const { mode, ctimeMs } = statSync(`/dev/${name}`);
      const change = ['chmod', (mode & 0o777).toString(8), `/dev/${name}`];
      await run(backend, spec('probe-modes', { command: change }));
      expect(statSync(`/dev/${name}`).ctimeMs).toBe(ctimeMs);
      const use = 'exec 3<>"/dev/$1" && if [ "$1" = full ]; then ! echo used >&3; else echo used >&3; fi';
      expect((await run(backend, spec('probe-modes', { command: sh(use, name) }))).code).toBe(0);
      if (!root) return;
      await runOutside(change);
      expect(statSync(`/dev/${name}`).ctimeMs).toBeGreaterThan(ctimeMs);
    },
  );

  it('makes no control file, whatever paths it makes up', async () => {
    const bottle = spec('probe-state');
    const folder = dirname(bottle.stateFolder);
    const script =
      'for f in .preserve Dockerfile metadata.json lease; do mkdir -p "$1"; echo x >"$1/$f"; echo x >/workspace/../$f; done';
    await run(backend, { ...bottle, command: sh(script, folder) });
    expect(readdirSync(folder).sort()).toEqual(['agent', 'backend', 'workspace']);
    expect(readdirSync(join(folder, 'agent'))).toEqual(['home']);
    // The naive way: the state folder is shown whole. An adapter cannot know, so the caller names the subfolders.
    const whole = { ...bottle, workspace: { ...bottle.workspace, source: folder } };
    await run(backend, { ...whole, command: sh('echo x >/workspace/.preserve') });
    expect(readdirSync(folder)).toContain('.preserve');
  });

  (root ? it : it.skip)('opens no device that was put into its workspace', async () => {
    const bottle = spec('probe-devic');
    const device = join(bottle.workspace.source, 'zero');
    expect((await runOutside(['mknod', '-m', '666', device, 'c', '1', '5'])).code).toBe(0);
    const read = (path: string) => ['head', '-c', '1', path];
    const inside: BottleSpec = { ...bottle, command: read('/workspace/zero') };
    expect((await run(backend, inside)).output).toContain('Permission denied');
    expect((await runOutside(read(device))).code).toBe(0);
  });

  it('inherits no descriptor that a careless parent left open', async () => {
    const command = sh('ls -l /proc/self/fd; cat /proc/self/fd/77/hostname');
    const host = ptyHost();
    const careless = {
      openTerminal: (wanted: Parameters<typeof host.openTerminal>[0]) =>
        host.openTerminal({
          ...wanted,
          file: '/bin/bash',
          args: ['-c', 'exec 77</etc; exec 5</etc; exec "$@"', 'careless', wanted.file, ...wanted.args],
        }),
    };
    const { output } = await run(backend, spec('probe-fdesc', { command }), careless);
    expect(output).not.toMatch(/ (5|77) -> /);
    expect(output).toContain('/proc/self/fd/77');
    expect((await runOutside(command, {}, careless)).output).toMatch(/ 77 -> \/etc/);
  });
});
