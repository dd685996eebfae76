import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EGRESS_PROOF, type LaunchHost } from '@bot-bottle/backend';
import {
  describeWithEngine,
  makeTestImage,
  TEST_IMAGE,
  TEST_IMAGE_AUTHORITIES,
  temporaryFolder,
} from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { backendOf, hostNamed, outputOf, shell, shows, specOf } from '../test/bottle.js';
import { Engine } from './engine.js';

const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' });
const WAIT = shell('echo ready; while :; do sleep 0.05; done');
const egress = { port: 3128 };

describeWithEngine('a bottle in containers', () => {
  beforeAll(makeTestImage);

  it('holds no privilege, no network and nothing of the engine', async () => {
    const backend = backendOf();
    const spec = specOf('confined-aaaaa', { command: WAIT, egress });
    try {
      await backend.launch(await backend.prepare(spec), hostNamed('one'));
      for (const role of ['agent', 'egress']) {
        const [seen] = JSON.parse(docker('inspect', `bot-bottle-confined-aaaaa-${role}`));
        expect(seen.HostConfig).toMatchObject({
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges:true'],
          ReadonlyRootfs: true,
          Privileged: false,
          PidMode: '',
          NetworkMode: role === 'egress' ? 'none' : expect.stringMatching(/^container:/),
        });
        expect(seen.HostConfig.Memory).toBeGreaterThan(0);
        expect(seen.HostConfig.PidsLimit).toBeGreaterThan(0);
        expect(seen.Config.User).toBe(`${process.getuid?.()}:${process.getgid?.()}`);
        expect(seen.Config.Labels).toMatchObject({
          'bot-bottle.identity': 'confined-aaaaa',
          'bot-bottle.role': role,
          'bot-bottle.contract': '1.0',
          'bot-bottle.state': spec.stateFolder,
        });
        const sources = seen.Mounts.map(({ Source }: { Source: string }) => Source);
        const own = [spec.home.source, spec.workspace.source];
        expect(sources.sort()).toEqual(role === 'agent' ? own.sort() : [join(spec.stateFolder, 'way-out')]);
      }
    } finally {
      await backend.destroy(spec);
    }
  });

  it('has no way to what listens on every address of the host', async () => {
    let connections = 0;
    const server = createServer(socket => {
      connections += 1;
      socket.end();
    });
    await new Promise<void>(resolve => server.listen(0, resolve));
    try {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      const attempts = ['127.0.0.1', '172.17.0.1', '10.0.0.1', '192.0.2.1'].map(
        host => `bash -c '>/dev/tcp/${host}/${port}' 2>/dev/null && echo reached ${host};`,
      );
      const command = shell(
        `${attempts.join(' ')} cat /proc/net/dev; grep CapEff /proc/self/status; touch /usr-x`,
      );
      const output = await outputOf(specOf('network-aaaaa', { command, egress }), hostNamed('one'));
      expect(output).not.toContain('reached');
      expect(output.match(/^ *\w+(?=:)/gm)?.map(name => name.trim())).toEqual(['lo', 'CapEff', 'touch']);
      expect(output).toMatch(/CapEff:\s+0{16}/);
      expect(output).toContain('Read-only file system');
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });

  it('is not started where Compose gave it another network', async () => {
    const spec = specOf('bridged-aaaaa', { egress });
    const backend = backendOf();
    const prepared = await backend.prepare(spec);
    // As Compose v1 does with the network of a container that does not run: a warning, and the default network.
    const file = join(spec.stateFolder, 'compose.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('service:egress', 'host'));
    await expect(backend.launch(prepared, hostNamed('one'))).rejects.toMatchObject({
      code: 'isolation-failed',
      message: expect.stringContaining('was given the network "host"'),
    });
    expect(docker('ps', '--all', '--quiet', '--filter', 'label=bot-bottle.identity=bridged-aaaaa')).toBe('');
    expect(await backend.destroy(spec)).toEqual({ removed: true, left: [] });
  });

  it("goes before its image's own user, program, folder and labels, and leaves none of its volumes", async () => {
    const image = 'bot-bottle-test-odd:1';
    const volumes = () => docker('volume', 'ls', '--quiet', '--filter', 'dangling=true');
    const lines = [
      `FROM ${TEST_IMAGE}`,
      'USER 4242:4242',
      'WORKDIR /srv/odd',
      'VOLUME ["/data", "/workspace"]',
      'ENV HOME=/srv HTTP_PROXY=http://odd:1',
      'LABEL bot-bottle.identity=odd-other com.docker.compose.project=odd',
      'HEALTHCHECK --interval=1s CMD ["touch", "/usr/odd"]',
      'ENTRYPOINT ["echo", "odd"]',
    ];
    execFileSync('docker', ['build', '--tag', image, '-'], { input: lines.join('\n'), stdio: 'pipe' });
    const before = volumes();
    const source = join(temporaryFolder(), 'bundle');
    writeFileSync(source, 'the authorities of the bottle\n');
    const files = [{ source, target: '/etc/ssl/certs/ca-certificates.crt' }];
    const command = shell('echo "$(id -u) $PWD $HOME $HTTP_PROXY"; touch /data/file && echo wrote');
    const env = { HTTP_PROXY: 'http://own:1' };
    const output = await outputOf(specOf('odd-aaaaa', { image, command, files, env }));
    expect(output.split('\r\n')).toEqual([
      `${process.getuid?.()} /workspace /home/agent http://own:1`,
      'wrote',
      '',
    ]);
    expect(volumes()).toBe(before);
  });

  it('is typed into byte for byte, 0xFF among them', async () => {
    const backend = backendOf();
    const spec = specOf('typed-aaaaa', {
      command: shell('stty raw -echo; echo ready; head -c 5 >typed; echo over'),
    });
    try {
      const { terminal, exited } = await backend.launch(await backend.prepare(spec), ptyHost());
      await shows(terminal, 'ready');
      const typed = Buffer.from([0xff, 0xff, 0x03, 0xff, 0x0a]);
      terminal.write(typed);
      expect(await exited).toEqual({ code: 0 });
      expect(readFileSync(join(spec.workspace.source, 'typed'))).toEqual(typed);
    } finally {
      await backend.destroy(spec);
    }
  });

  it('works on a folder of any name, whatever COMPOSE_ variables say of other projects', async () => {
    const source = join(temporaryFolder(), `10:30, "$HOME" it's`);
    mkdirSync(source);
    const own = { COMPOSE_FILE: '/nowhere', COMPOSE_ENV_FILES: 'nowhere', COMPOSE_PROFILES: 'none' };
    const backend = backendOf({ env: { ...process.env, ...own } });
    const workspace = { kind: 'mount', source, target: source } as const;
    const command = shell('pwd; touch made');
    expect(await outputOf(specOf('named-aaaaa', { workspace, command }), ptyHost(), backend)).toBe(
      `${source}\r\n`,
    );
    expect(readdirSync(source)).toEqual(['made']);
  });

  it('has nothing made in the place of a folder that goes before it starts', async () => {
    const backend = backendOf();
    const spec = specOf('lost-aaaaa');
    const prepared = await backend.prepare(spec);
    rmSync(spec.workspace.source, { recursive: true });
    await expect(backend.launch(prepared, ptyHost())).rejects.toMatchObject({
      code: 'launch-failed',
      message: expect.stringContaining(spec.workspace.source),
    });
    expect(existsSync(spec.workspace.source)).toBe(false);
    await backend.destroy(spec);
  });

  it('covers the bundle of its image, and makes none where there is none', async () => {
    const source = join(temporaryFolder(), 'bundle');
    writeFileSync(source, 'the authorities of the bottle\n');
    const covered = '/etc/ssl/certs/ca-certificates.crt';
    const files = [covered, '/etc/pki/tls/certs/ca-bundle.crt'].map(target => ({ source, target }));
    const command = shell(`cat ${covered}; ls /etc`);
    const plain = await outputOf(specOf('files-aaaaa', { command }));
    expect(plain).toContain(TEST_IMAGE_AUTHORITIES.trim());
    const shown = await outputOf(specOf('files-aaaaa', { command, files }));
    expect(shown).toContain('the authorities of the bottle');
    expect(shown).not.toContain('pki');
  });

  it('is led to its new keeper when that takes it over', async () => {
    const ask = `bash -c 'exec 3<>/dev/tcp/127.0.0.1/3128; printf "GET / HTTP/1.1\\r\\n\\r\\n" >&3; cat <&3'`;
    const spec = specOf('taken-aaaaa', { command: shell(`while :; do ${ask}; read -r line; done`), egress });
    const backend = backendOf();
    try {
      const first = await backend.launch(await backend.prepare(spec), hostNamed('one'));
      await shows(first.terminal, 'denied by one');
      const second = await backendOf().attach(spec, hostNamed('two'));
      const answered = shows(second.terminal, 'denied by two');
      second.terminal.write('again\n');
      await answered;
    } finally {
      await backend.destroy(spec);
    }
  });

  it('is shown by another client where the one on its terminal is killed', async () => {
    const spec = specOf('client-aaaaa', {
      command: shell('stty -echo; while read -r x; do echo "got $x"; done'),
    });
    const backend = backendOf();
    try {
      const { terminal, exited } = await backend.launch(await backend.prepare(spec), ptyHost());
      const { pid } = terminal;
      const answered = shows(terminal, 'got it');
      process.kill(pid, 'SIGKILL');
      while (terminal.pid === pid) await sleep(20);
      terminal.write('it\n');
      await answered;
      await backend.stop(spec, { graceMs: 0 });
      expect(await exited).toEqual({ code: 137 });
    } finally {
      await backend.destroy(spec);
    }
  });

  it('is a project that the ordinary tools drive from its folder', async () => {
    const backend = backendOf();
    const spec = specOf('compose-aaaaa', { command: WAIT, egress });
    const engine = new Engine(process.env);
    const compose = (...args: string[]) =>
      engine.compose(['--file', join(spec.stateFolder, 'compose.yaml'), ...args]);
    try {
      await backend.launch(await backend.prepare(spec), hostNamed('one'));
      expect((await compose('config', '--services')).trim().split('\n').sort()).toEqual(['agent', 'egress']);
      expect((await compose('ps', '--quiet')).trim().split('\n')).toHaveLength(2);
      await compose('kill', 'agent');
      expect(await backend.status(spec)).toEqual({ state: 'exited', exit: { code: 137 } });
    } finally {
      await backend.destroy(spec);
    }
  });

  it('never touches a container that is not its own, whatever that is called', async () => {
    const foreign = 'bot-bottle-foreign-aaaaa-agent';
    const label = 'com.docker.compose.project=bot-bottle-foreign-aaaaa';
    const id = docker(
      'create',
      '--name',
      foreign,
      '--label',
      label,
      '--network',
      'none',
      TEST_IMAGE,
      'sh',
    ).trim();
    const backend = backendOf();
    const spec = specOf('foreign-aaaaa');
    try {
      expect(await backend.status(spec)).toEqual({ state: 'absent' });
      const prepared = await backend.prepare(spec);
      await expect(backend.launch(prepared, ptyHost())).rejects.toMatchObject({
        code: 'launch-failed',
        message: expect.stringContaining(foreign),
      });
      await backend.stop(spec, { graceMs: 0 });
      expect(await backend.destroy(spec)).toEqual({ removed: true, left: [] });
      expect(docker('inspect', '--format', '{{.Id}}', foreign).trim()).toBe(id);
    } finally {
      docker('rm', '--force', foreign);
    }
  });

  it('says how to get its name back from a container that somebody else made', async () => {
    const name = 'bot-bottle-taken-bbbbb-agent';
    docker('create', '--name', name, '--network', 'none', TEST_IMAGE, 'sh');
    const backend = backendOf();
    const spec = specOf('taken-bbbbb');
    try {
      const refused = await backend.launch(await backend.prepare(spec), ptyHost()).catch(error => error);
      expect(refused).toMatchObject({
        code: 'launch-failed',
        message: expect.stringContaining('already in use'),
        remedy: `docker rename ${name} ${name}-other`,
      });
      docker(...refused.remedy.split(' ').slice(1));
      const { exited } = await backend.launch(await backend.prepare(spec), ptyHost());
      expect(await exited).toEqual({ code: 0 });
    } finally {
      await backend.destroy(spec);
      docker('rm', '--force', `${name}-other`);
    }
  });

  it('is not prepared from an image that is nowhere', async () => {
    const spec = specOf('image-aaaaa', { image: 'localhost:1/absent:latest' });
    await expect(backendOf().prepare(spec)).rejects.toMatchObject({
      code: 'bad-spec',
      message: expect.stringContaining('localhost:1/absent:latest'),
      remedy: 'docker pull localhost:1/absent:latest',
    });
    expect(existsSync(spec.stateFolder)).toBe(false);
  });

  it('is not launched where its command does not exist, and says so', async () => {
    expect(await outputOf(specOf('command-aaaaa', { command: ['no-such-program'] }))).toContain(
      'no-such-program',
    );
  });

  it('asks its proxy what must be denied before its agent runs', async () => {
    const asked: string[] = [];
    const host: LaunchHost = {
      ...hostNamed('one'),
      serveEgress: connection => {
        connection.on('error', () => {});
        connection.once('data', (chunk: Uint8Array) => {
          asked.push(Buffer.from(chunk).toString());
          connection.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        });
      },
    };
    await outputOf(specOf('proof-aaaaa', { egress }), host);
    expect(asked).toEqual([EGRESS_PROOF]);
  });
});
