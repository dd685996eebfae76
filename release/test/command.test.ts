/** The program as its users install it: by npx, `npm install --global` and `pnpm dlx`, below a folder with a blank in its name. */
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';
import { released } from '../src/released.ts';

const version = released().releases.find(({ name }) => name === 'bot-bottle')?.version;

/** Decimal megabytes, of all files; what was promised is 25. */
const MOST_MEGABYTES = 2;

const RUN_A_BOTTLE = ['start', 'shell', '--', '-c', 'echo I work in $PWD; exit 3'];
const RAN = { status: 3, output: expect.stringMatching(/^I work in \/workspace\r?$/m) };

function newConsumer(node: string): Consumer {
  return new Consumer(join(temporaryFolder(), 'a user'), node);
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => lstatSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

describe('npx bot-bottle', () => {
  describeWith('bwrap', 'in an empty project', () => {
    it.each(['22', '24', '26'])('runs a bottle on Node %s', async node => {
      expect(await newConsumer(node).attempt('npx', '--yes', 'bot-bottle', ...RUN_A_BOTTLE)).toMatchObject(
        RAN,
      );
    });
  });

  it('says in one line on Node 20 what it expects', async () => {
    const { status, output } = await newConsumer('20').attempt('npx', '--yes', 'bot-bottle', 'list');
    expect(status).toBe(1);
    expect(output.split('\n').filter(line => !line.startsWith('npm '))).toEqual([
      expect.stringMatching(/^bot-bottle: this is Node 20\.[0-9.]+; expected Node 22 or newer$/),
      '',
    ]);
  });
});

describeWith('bwrap', 'pnpm dlx bot-bottle', () => {
  it('runs a bottle', async () => {
    expect(await newConsumer('24').attempt('pnpm', 'dlx', 'bot-bottle', ...RUN_A_BOTTLE)).toMatchObject(RAN);
  });
});

describe('npm install --global bot-bottle', () => {
  const consumer = newConsumer('22');
  const prefix = join(consumer.folder, 'the prefix');
  const command = join(prefix, 'bin/bot-bottle');

  beforeAll(() => consumer.succeed('npm', 'install', '--global', '--prefix', prefix, 'bot-bottle'));

  it('installs the command', async () => {
    expect(await consumer.succeed(command, '--version')).toBe(`${version}\n`);
  });

  it(`weighs less than ${MOST_MEGABYTES} MB with all that it needs`, () => {
    expect(bytesBelow(prefix)).toBeLessThan(MOST_MEGABYTES * 1e6);
  });

  it('installs its manual', () => {
    expect(readFileSync(join(prefix, 'share/man/man1/bot-bottle.1'), 'utf8')).toContain('.SH SYNOPSIS');
  });

  it('says what to install where bubblewrap is missing', async () => {
    const [onlyNode = ''] = consumer.env['PATH']?.split(delimiter) ?? [];
    expect(await consumer.attempt('env', `PATH=${onlyNode}`, command, 'start', 'demo')).toEqual({
      status: 125,
      stdout: '',
      output: expect.stringMatching(
        /^bot-bottle: no backend can run bottles here: bubblewrap is not installed\n {2}try: .*bubblewrap.*\n$/,
      ),
    });
  });

  describeWith(['bwrap', 'unshare', 'chmod'], 'into a folder that its user cannot write', () => {
    // Also where the tests run as root: a user of a namespace of its own, without root's power over files.
    const user = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];

    beforeAll(() => consumer.succeed('chmod', '-R', 'a-w', prefix));
    afterAll(() => consumer.succeed('chmod', '-R', 'u+w', prefix));

    it('runs a bottle', async () => {
      const installed = dirname(realpathSync(command));
      expect(await consumer.attempt(...user, 'touch', join(installed, 'new'))).toMatchObject({ status: 1 });
      expect(await consumer.attempt(...user, command, ...RUN_A_BOTTLE)).toMatchObject(RAN);
    });
  });
});
