import { existsSync, rmSync } from 'node:fs';
import { describeWith, type PrivateMount, runAsync, tinyTmpfs } from '@bot-bottle/test-kit';
import { encodeControl } from '../src/keeper/protocol.js';
import { KeeperConnection } from '../src/session/keeper-connection.js';
import { BUNDLE, livingKeeperOf, Operator, until } from './support/cli.js';
import { runs } from './support/keeper.js';

describeWith('bwrap', 'a session whose state is deleted under it', () => {
  it('can still be stopped, and its client hears the end', async () => {
    const operator = new Operator();
    const token = `token:${operator.root}`;
    const bottle = await operator.start('shell', '--', '-c', 'while :; do echo x; sleep 0.05; done', token);
    const keeper = livingKeeperOf(bottle);
    const client = await KeeperConnection.open(bottle);
    client.send(encodeControl({ type: 'attach', size: null, replay: true }));
    let shown = '';
    const end = client.follow(async chunk => {
      shown += Buffer.from(chunk).toString();
    });
    void end.then(() => client.close());
    await until(() => shown.includes('x'));
    rmSync(bottle.folder, { recursive: true });
    process.kill(keeper, 'SIGTERM');
    // Without its record the adapter finds nothing to stop, and both went on for ever.
    await until(() => !runs(token) && !existsSync(`/proc/${keeper}`));
    expect(await end).toMatchObject({ exit: { code: 137 } });
  });
});

describeWith(['bwrap', 'unshare'], 'a session on a disk that its agent fills', () => {
  // Once somebody is attached: a session that finds no room for its record is undone.
  const agent = 'read -r _; cat /dev/zero >~/fill 2>/dev/null; exit 5';
  let disk: PrivateMount;
  beforeEach(() => {
    disk = tinyTmpfs(2 * 1024 * 1024);
  });
  const session = (command: string, script: string) => {
    const { env } = new Operator({ root: disk.folder });
    const steps = `echo | "$1" "$2" start shell ${command} -- -c "$3"; echo "code $?"; ${script}`;
    return runAsync(disk.wrap(['sh', '-c', steps, 'sh', process.execPath, BUNDLE, agent]), { env });
  };

  it('ends with the code of its agent, and leaves nothing', async () => {
    const { stdout } = await session('', `ls "$BOT_BOTTLE_HOME/state"`);
    expect(stdout.trim()).toBe('code 5');
  });

  it('is kept where it is preserved, and its operator is told what is not complete', async () => {
    const { stdout, stderr } = await session('--preserve', '"$1" "$2" list --state preserved --json');
    // The terminal shows what was typed.
    expect(stdout).toMatch(/^\s*code 5\n\[/);
    expect(JSON.parse(stdout.slice(stdout.indexOf('[')))).toMatchObject([
      { agent: 'shell', state: 'preserved' },
    ]);
    expect(stderr).toContain('no space left on device');
  });
});
