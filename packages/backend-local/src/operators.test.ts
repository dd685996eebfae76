import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { BottleSpec } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { operator } from '../test/bottle.js';

const UID = 12_345;
const REPOSITORY = resolve(__dirname, '../../..');
const asRoot = process.getuid?.() === 0 ? it : it.skip;

const SHOW = 'mount --rbind "$1" "$2" && shift 2 && exec "$@"';

/** Runs a bottle as an operator who is not root, in a process that runs what was built. */
function runUnprivileged(identity: string, changes: Partial<BottleSpec>) {
  const { home, stateRoot, spec } = operator();
  const argument = JSON.stringify({ spec: spec(identity, changes), home, stateRoot });
  spawnSync('chown', ['-R', `${UID}:${UID}`, dirname(home)]);
  // This checkout may lie in root's home, which that operator cannot enter: it is shown elsewhere, to this run alone.
  const view = temporaryFolder();
  chmodSync(view, 0o755);
  const seen = (path: string) => path.replace(REPOSITORY, view);
  const showing = ['--mount', '--propagation', 'private', 'sh', '-c', SHOW, 'sh', REPOSITORY, view];
  const identityOf = [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--inh-caps=-all'];
  const keeper = [seen(process.execPath), seen(join(__dirname, '../test/keeper.mjs')), 'never', argument];
  const { status, stdout, stderr } = spawnSync('unshare', [...showing, 'setpriv', ...identityOf, ...keeper], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { code: status, output: stdout.replaceAll('\r\n', '\n'), stderr };
}

describeWith(['bwrap', 'setpriv', 'unshare', 'perl'], 'an operator who is not root', () => {
  asRoot('runs a bottle like any other', () => {
    const script =
      'id -un; uname -n; echo kept >/workspace/file; grep CapEff /proc/self/status; ls -A /proc/1/root/root 2>&1';
    const { code, output, stderr } = runUnprivileged('plain-aaaaa', { command: ['sh', '-c', script] });
    expect(stderr).toBe('');
    expect(output).toBe(
      "agent\nplain-aaaaa\nCapEff:\t0000000000000000\nls: cannot access '/proc/1/root/root': No such file or directory\n",
    );
    expect(code).toBe(2);
  });

  asRoot('has a way out of it like any other', () => {
    const ask = 'exec 3<>/dev/tcp/127.0.0.1/3128 && tr -d "\\r" <&3; grep -c : /proc/net/dev';
    const { code, output, stderr } = runUnprivileged('plain-ccccc', {
      command: ['bash', '-c', ask],
      egress: { port: 3128 },
    });
    expect(stderr).toBe('');
    expect(output).toBe('HTTP/1.1 403 Forbidden\n\n1\n');
    expect(code).toBe(0);
  });

  asRoot('has the bottle’s processes limited without a group, and the own ones not counted', () => {
    const bomb =
      'my $n = 0; while (defined(my $p = fork)) { $p or (sleep(60), exit); $n++ } print "$n\\n"; kill 9, -$$';
    const { output } = runUnprivileged('plain-bbbbb', {
      command: ['perl', '-e', bomb],
      limits: { processes: 30 },
    });
    expect(Number.parseInt(output, 10)).toBeGreaterThan(10);
    expect(Number.parseInt(output, 10)).toBeLessThan(30);
  });
});
