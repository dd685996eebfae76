import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { BottleSpec } from '@bot-bottle/backend';
import { describeWith } from '@bot-bottle/test-kit';
import { operator } from '../test/bottle.js';

const UID = 12_345;
const asRoot = process.getuid?.() === 0 ? it : it.skip;

/** Runs a bottle as an operator who is not root, in a process that runs what was built. */
function runUnprivileged(identity: string, changes: Partial<BottleSpec>) {
  const { home, stateRoot, spec } = operator();
  const argument = JSON.stringify({ spec: spec(identity, changes), home, stateRoot });
  spawnSync('chown', ['-R', `${UID}:${UID}`, dirname(home)]);
  const keeper = [process.execPath, join(__dirname, '../test/keeper.mjs'), 'never', argument];
  const identityOf = [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--inh-caps=-all'];
  const { status, stdout, stderr } = spawnSync('setpriv', [...identityOf, ...keeper], {
    encoding: 'utf8',
    env: {},
  });
  return { code: status, output: stdout.replaceAll('\r\n', '\n'), stderr };
}

describeWith(['bwrap', 'setpriv', 'perl'], 'an operator who is not root', () => {
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
