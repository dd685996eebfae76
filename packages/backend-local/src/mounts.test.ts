import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleSpec, LaunchHost } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { operator, run } from '../test/bottle.js';

const { backend, spec, home, stateRoot } = operator();

const mounting = (path: string): BottleSpec =>
  spec('mounts-aaaaa', { workspace: { kind: 'mount', source: path, target: path } });
const copying = (path: string): BottleSpec => {
  const { source } = spec('mounts-aaaaa').workspace;
  return spec('mounts-aaaaa', { workspace: { kind: 'copy', source, target: path } });
};
const withTools = (path: string): BottleSpec => spec('mounts-aaaaa', { toolPaths: [path] });

const project = join(home, 'projects/demo');
mkdirSync(project, { recursive: true });
mkdirSync(join(home, '.ssh'));
mkdirSync(join(home, '.gnupg/private-keys-v1.d'), { recursive: true });
writeFileSync(join(home, 'private'), 'of the operator');
writeFileSync(join(project, 'README'), 'hello');

const FORBIDDEN = [
  ['the root', '/'],
  ['the operator’s home', home],
  ['a folder above the home', join(home, '..')],
  ['the state of all bottles', stateRoot],
  ['a folder inside that state', join(stateRoot, 'state')],
  ['/proc', '/proc'],
  ['a folder of /proc', '/proc/self/fd'],
  ['/sys', '/sys'],
  ['/dev', '/dev'],
  ['a folder of /dev', '/dev/shm'],
  ['/run', '/run'],
  ['/var/run, which is a link to it', '/var/run'],
  ['/etc', '/etc'],
  ['/usr', '/usr'],
  ['/usr/bin', '/usr/bin'],
  ['/var', '/var'],
  ['/var/spool, where cron looks', '/var/spool'],
  ['/var/log', '/var/log'],
  ['/opt as a whole', '/opt'],
  ['/tmp as a whole', '/tmp'],
  ['the operator’s keys', join(home, '.ssh')],
  ['a folder among them', join(home, '.gnupg/private-keys-v1.d')],
] as const;

describe('what a bottle may be given', () => {
  it.each(FORBIDDEN)('is never %s, as a workspace', async (_what, path) => {
    await expect(backend.prepare(mounting(path))).rejects.toMatchObject({ code: 'bad-spec' });
  });

  it.each(FORBIDDEN)('is never %s, as a copy', async (_what, path) => {
    await expect(backend.prepare(copying(path))).rejects.toMatchObject({ code: 'bad-spec' });
  });

  it.each(FORBIDDEN)('is never %s, as a tool path', async (_what, path) => {
    await expect(backend.prepare(withTools(path))).rejects.toMatchObject({ code: 'bad-spec' });
  });

  it('is never a link, which could lead elsewhere tomorrow', async () => {
    const link = join(home, 'projects/link');
    symlinkSync(join(home, '.ssh'), link);
    await expect(backend.prepare(mounting(link))).rejects.toThrow(/leads through a symbolic link to .*\.ssh/);
    await expect(backend.prepare(mounting(`${link}/..`))).rejects.toMatchObject({ code: 'bad-spec' });
  });

  it('is looked at again on launch: a folder swapped for a link since is refused', async () => {
    const folder = join(temporaryFolder(), 'swapped');
    mkdirSync(folder);
    const prepared = await backend.prepare(mounting(folder));
    renameSync(folder, `${folder}.aside`);
    symlinkSync(home, folder);
    await expect(backend.launch(prepared, ptyHost())).rejects.toMatchObject({ code: 'bad-spec' });
    await backend.destroy(prepared.spec);
  });

  it.each([
    ['a relative path', { source: 'projects', target: 'projects' }],
    ['another path inside than outside', { source: project, target: '/workspace' }],
    ['a file', { source: join(project, 'README'), target: join(project, 'README') }],
    ['nothing that exists', { source: join(project, 'absent'), target: join(project, 'absent') }],
  ])('is not %s, for a mounted workspace', async (_what, paths) => {
    const wanted = spec('mounts-aaaaa', { workspace: { kind: 'mount', ...paths } });
    await expect(backend.prepare(wanted)).rejects.toMatchObject({ code: 'bad-spec' });
  });

  it.each(['/etc', '/proc/x', '/usr/bin', '/dev/shm', '/', '/a/../etc', 'relative', '/home/agent/', '/bin'])(
    'is not shown at %s',
    async target => {
      const { workspace, home: agentHome } = spec('mounts-aaaaa');
      const moved = spec('mounts-aaaaa', { workspace: { ...workspace, target } });
      await expect(backend.prepare(moved)).rejects.toMatchObject({ code: 'bad-spec' });
      const homeless = spec('mounts-aaaaa', { home: { ...agentHome, target } });
      await expect(backend.prepare(homeless)).rejects.toMatchObject({ code: 'bad-spec' });
    },
  );

  it('is refused with a state folder that is a link', async () => {
    const wanted = spec('mounts-links');
    const link = join(wanted.home.source, '../linked');
    symlinkSync(home, link);
    const linked = { ...wanted, home: { ...wanted.home, source: link } };
    await expect(backend.prepare(linked)).rejects.toThrow('is a symbolic link');
  });
});

describeWith('bwrap', 'a mounted workspace', () => {
  it('appears at its own path, writable, alone of all that lies beside and above it', async () => {
    const script =
      'pwd; cat README; echo written >new; ls -A "$1" "$1/projects"; cat "$1/private"; echo x >"$1/other"';
    const wanted = { ...mounting(project), command: ['sh', '-c', script, 'probe', home] };
    const { output } = await run(backend, wanted);
    expect(output.split('\n').slice(0, 1)).toEqual([project]);
    expect(output).toContain('hello');
    expect(output).toContain(`${home}:\nprojects\n\n${home}/projects:\ndemo\n`);
    expect(output).toMatch(/private.*No such file/);
    expect(existsSync(join(home, 'other'))).toBe(false);
    expect(readFileSync(join(project, 'new'), 'utf8')).toBe('written\n');
  });

  it('may lie in /tmp, which the bottle has its own of', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'here'), 'yes');
    const wanted = {
      ...mounting(folder),
      command: ['sh', '-c', 'cat here; ls /tmp | wc -l; touch /tmp/mine'],
    };
    expect(await run(backend, wanted)).toEqual({ code: 0, output: 'yes1\n' });
  });
});

describeWith('bwrap', 'a folder that another bottle swaps for a link', () => {
  // Between the check and bubblewrap's mount, which follows the link.
  const swapping = (folder: string): LaunchHost => ({
    openTerminal(command) {
      renameSync(folder, `${folder}.aside`);
      symlinkSync(home, folder);
      return ptyHost().openTerminal(command);
    },
  });

  it.each([
    ['workspace', mounting],
    ['tool path', withTools],
  ])('is no %s: the agent does not run', async (_what, using) => {
    const folder = join(temporaryFolder(), 'swapped');
    mkdirSync(folder);
    const wanted = { ...using(folder), command: ['sh', '-c', 'cat "$1/private"', 'probe', folder] };
    const { code, output } = await run(backend, wanted, swapping(folder));
    expect(output).toContain(`${folder} is not the folder that was checked`);
    expect(output).not.toContain('of the operator');
    expect(code).toBe(125);
  });
});

describeWith('bwrap', 'a tool path', () => {
  it('is found by the agent at its own path, and cannot be written', async () => {
    const tools = join(home, '.nvm/versions/tool/bin');
    mkdirSync(tools, { recursive: true });
    writeFileSync(join(tools, 'my-agent'), '#!/bin/sh\necho it runs; echo x >"$0"\n', { mode: 0o755 });
    const wanted = spec('mounts-tools', {
      toolPaths: [tools],
      command: ['my-agent'],
      env: { PATH: `${tools}:/usr/bin:/bin` },
    });
    const { output } = await run(backend, wanted);
    expect(output).toMatch(/^it runs\n.*Read-only file system/);
  });
});
