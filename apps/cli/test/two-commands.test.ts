/** The project's own `npm start`, as the README gives it: set up already, so it must neither install nor build again. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';

const script = join(__dirname, '../../../scripts/run.mjs');

function npmStart(args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [script, 'start', ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: cwd, ...env },
  });
}

/** Where the sources are newer, `npm start` would build, and replace the bundle under the tests that run beside these. */
function describeBuilt(title: string, tests: () => void): void {
  const setUp = JSON.stringify(join(__dirname, '../../../scripts/set-up.mjs'));
  const source = `import { isBuilt } from ${setUp}; process.exit(isBuilt() ? 0 : 1);`;
  if (spawnSync(process.execPath, ['--input-type=module', '-e', source]).status === 0) {
    describeWith('bwrap', title, tests);
  } else if (process.env['CI']) {
    throw new Error('npm test builds first, and the sources have changed since');
  } else {
    describe.skip(`${title} (skipped: these sources were not built by npm test)`, tests);
  }
}

describeBuilt('npm start', () => {
  it('shows the life of one bottle, and leaves nothing of it', () => {
    const root = join(temporaryFolder(), 'a root with spaces');
    const { status, stdout, stderr } = npmStart([], temporaryFolder(), { BOT_BOTTLE_HOME: root });
    expect({ status, stderr: stderr.match(/\[bot-bottle\].*/g) }).toEqual({ status: 0, stderr: null });
    const findings = stdout.split('\n').filter(line => /^ {2}(ok|WRONG) /.test(line));
    expect(findings.filter(line => line.startsWith('  WRONG'))).toEqual([]);
    expect(stdout).toMatch(/ok +write my workspace/);
    expect(stdout).toMatch(/ok +read the operator's home: nothing there to read/);
    expect(stdout).toMatch(/ok +reach example\.com: the proxy answers 403/);
    expect(stdout).toMatch(/ok +reach anything past the proxy: the network is unreachable/);
    expect(stdout).toMatch(/state +preserved/);
    expect(stdout).toMatch(/ok +my transcript, 1 lines?/);
    expect(stdout).toMatch(/ok +my workspace; demo.txt says/);
    expect(readdirSync(join(root, 'state'))).toEqual([]);
  });

  it('runs the CLI with the arguments given, where the operator stands', () => {
    const folder = temporaryFolder();
    const env = { BOT_BOTTLE_HOME: './here' };
    const { status, stdout } = npmStart(['start', 'shell', '--', '-c', 'exit 5'], folder, env);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(existsSync(join(folder, 'here/state'))).toBe(true);
  });
});

describe('the script of npm', () => {
  it('tells what the other jobs take, at once', () => {
    const { status, stdout } = spawnSync(process.execPath, [script, 'test', '--help'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^npm test .*\n$/) });
  });

  it('names the jobs that there are', () => {
    const { status, stderr } = spawnSync(process.execPath, [script, 'strat'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^\[bot-bottle\] unknown job "strat"; expected one of: start, test, check, (\S+, )*bench\n$/,
      ),
    });
  });
});
