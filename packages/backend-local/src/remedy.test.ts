import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '@bot-bottle/backend';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { operator } from '../test/bottle.js';
import { localBackend } from './local.js';
import { type MachineFacts, whatIsMissing, whyItFailed } from './remedy.js';

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n';
const facts = (changes: Partial<MachineFacts>): MachineFacts => ({
  platform: 'linux',
  arch: 'x64',
  osRelease: DEBIAN,
  nsenter: true,
  version: '0.8.0',
  maxUserNamespaces: 96_365,
  unprivilegedUserNamespaces: 1,
  appArmorRestriction: 0,
  container: false,
  root: false,
  ...changes,
});

describe('a machine without bubblewrap', () => {
  it.each([
    [DEBIAN, 'sudo apt-get install bubblewrap'],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'sudo apt-get install bubblewrap'],
    ['ID="linuxmint"\nID_LIKE="ubuntu debian"\n', 'sudo apt-get install bubblewrap'],
    ['ID=fedora\n', 'sudo dnf install bubblewrap'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'sudo dnf install bubblewrap'],
    ['ID=arch\n', 'sudo pacman -S bubblewrap'],
    ['ID=alpine\n', 'doas apk add bubblewrap'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'sudo zypper install bubblewrap'],
    ['', "install the package bubblewrap with your system's package manager"],
  ])('is told the command of its distribution (%j)', (osRelease, remedy) => {
    expect(whatIsMissing(facts({ osRelease, version: null }))).toEqual({
      reason: 'bubblewrap is not installed',
      remedy,
    });
  });

  it.each([
    ['no bwrap', null, 'bubblewrap is not installed'],
    ['an old one', 'echo bubblewrap 0.6.1', 'bubblewrap 0.6.1 is too old; expected 0.8.0 or newer'],
    ['a mute one', 'true', 'bubblewrap does not tell its version; expected 0.8.0 or newer'],
    [
      'one that fails',
      'echo bubblewrap 0.8.0; exit 1',
      'bubblewrap does not tell its version; expected 0.8.0 or newer',
    ],
  ])('fails closed with %s: neither probe nor prepare goes on', async (_what, script, reason) => {
    const { home, stateRoot, spec } = operator();
    const folder = temporaryFolder();
    if (script !== null) writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const backend = localBackend({ home, stateRoot, env: { PATH: folder } });
    const wanted = spec('remedy-aaaaa');
    const remedy = expect.stringContaining('bubblewrap');
    expect(await backend.probe()).toEqual({ available: false, reason, remedy });
    const refused = await backend.prepare(wanted).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BackendError);
    expect(refused).toMatchObject({ code: 'unavailable', message: reason, remedy });
    expect(await backend.status(wanted)).toEqual({ state: 'absent' });
  });

  it.each([
    [DEBIAN, 'sudo apt-get install util-linux'],
    ['ID=fedora\n', 'sudo dnf install util-linux'],
  ])('is told the command for nsenter too (%j)', (osRelease, remedy) => {
    expect(whatIsMissing(facts({ osRelease, nsenter: false }))).toEqual({
      reason: 'nsenter, a program of util-linux, is not installed',
      remedy,
    });
  });

  it.each([
    [
      'that may not join',
      'echo "nsenter: reassociate to namespace failed: Operation not permitted" >&2; exit 1',
      'Operation not permitted',
    ],
    ['that joins nothing', 'exec true', 'its helper ended with 0'],
    // Runs the program of the listener where it was called: on the host.
    ['that stays outside', 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"', 'there is a network: '],
  ])('fails closed with an nsenter %s: the agent does not run', async (_what, script, reason) => {
    const { home, stateRoot, spec } = operator();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'nsenter'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const backend = localBackend({ home, stateRoot, env: { PATH: `${folder}:/usr/bin:/bin` } });
    const wanted = spec('remedy-ccccc', { command: ['touch', '/workspace/ran'], egress: { port: 3128 } });
    const host = { ...ptyHost(), serveEgress: () => {} };
    const refused = backend.launch(await backend.prepare(wanted), host);
    await expect(refused).rejects.toMatchObject({
      code: 'isolation-failed',
      message: expect.stringContaining(reason),
      remedy: expect.stringContaining('nsenter --user --net'),
    });
    expect(readdirSync(wanted.workspace.source)).toEqual([]);
    expect((await backend.status(wanted)).state).not.toBe('running');
    expect(await backend.probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('fails closed with one that cannot isolate: the agent does not run', async () => {
    const { home, stateRoot, spec } = operator();
    const folder = temporaryFolder();
    const script =
      '#!/bin/sh\ntest "$1" = --version && echo bubblewrap 0.8.0 && exit\necho "bwrap: no user namespace" >&2; exit 1\n';
    writeFileSync(join(folder, 'bwrap'), script, { mode: 0o755 });
    const backend = localBackend({ home, stateRoot, env: { PATH: `${folder}:/usr/bin:/bin` } });
    const wanted = spec('remedy-bbbbb', { command: ['touch', '/workspace/ran'] });
    const prepared = await backend.prepare(wanted);
    await expect(backend.launch(prepared, ptyHost())).rejects.toMatchObject({
      code: 'isolation-failed',
      message: 'the sandbox could not be built: bwrap: no user namespace',
    });
    expect(readdirSync(wanted.workspace.source)).toEqual([]);
    expect(await backend.probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining('bwrap: no user namespace'),
    });
  });
});

describe('a machine that cannot isolate', () => {
  it.each(['0.4.0', '0.6.1', '0.7.9', '0'])('is told that bubblewrap %j is too old', version => {
    expect(whatIsMissing(facts({ version }))?.reason).toBe(
      `bubblewrap ${version} is too old; expected 0.8.0 or newer`,
    );
  });

  it.each(['0.8.0', '0.8.1', '0.11.0', '1.0.0'])('may have bubblewrap %s', version => {
    expect(whatIsMissing(facts({ version }))).toBeNull();
  });

  it('is no machine without a filter, and no other system', () => {
    expect(whatIsMissing(facts({ arch: 'riscv64' }))?.reason).toContain('riscv64');
    expect(whatIsMissing(facts({ platform: 'darwin' }))?.reason).toContain('needs Linux');
  });

  it('is told how to allow user namespaces', () => {
    expect(whyItFailed(facts({ maxUserNamespaces: 0 }), 'No space left on device')).toEqual({
      reason: 'this machine allows no user namespaces (user.max_user_namespaces is 0)',
      remedy:
        "echo 'user.max_user_namespaces = 15000' | sudo tee /etc/sysctl.d/60-bot-bottle.conf && sudo sysctl --system",
    });
    expect(whyItFailed(facts({ unprivilegedUserNamespaces: 0 }), 'Operation not permitted').remedy).toBe(
      "echo 'kernel.unprivileged_userns_clone = 1' | sudo tee /etc/sysctl.d/60-bot-bottle.conf && sudo sysctl --system",
    );
  });

  it('is told the AppArmor profile, on Ubuntu 24.04 and later', () => {
    const { reason, remedy } = whyItFailed(
      facts({ appArmorRestriction: 1 }),
      'bwrap: setting up uid map: Permission denied',
    );
    expect(reason).toContain('kernel.apparmor_restrict_unprivileged_userns is 1');
    expect(remedy).toContain('profile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,');
    expect(remedy).toContain(
      'sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap',
    );
  });

  it('is not told of settings that do not concern root', () => {
    const said = 'bwrap: something else';
    const { reason } = whyItFailed(
      facts({ root: true, appArmorRestriction: 1, unprivilegedUserNamespaces: 0 }),
      said,
    );
    expect(reason).toBe(`bubblewrap could not build the sandbox: ${said}`);
  });

  it('is told what a container lacks', () => {
    expect(whyItFailed(facts({ container: true }), "bwrap: Can't mount proc").remedy).toContain(
      '--security-opt systempaths=unconfined',
    );
  });
});
