import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';
import { succeed } from '../src/programs.ts';
import { released } from '../src/released.ts';

const { copy } = released();

/** Gives an operator the CLI of the copy as it were with another version of the contract between it and adapters. */
async function bumpContract({ folder }: Consumer, version: string): Promise<void> {
  const contract = join(copy, 'packages/backend/src/contract.ts');
  const source = readFileSync(contract, 'utf8');
  const bumped = source.replace(/(CONTRACT_VERSION: ContractVersion = )\{.*\}/, `$1${version}`);
  if (bumped === source) throw new Error(`${contract} states no version that a bump would change`);
  writeFileSync(contract, bumped);
  for (const built of ['packages/backend', 'apps/cli']) {
    await succeed([join(copy, 'node_modules/.bin/tsup'), '--no-dts'], { cwd: join(copy, built) });
  }
  cpSync(join(copy, 'apps/cli/dist'), join(folder, 'node_modules/bot-bottle/dist'), { recursive: true });
}

describeWith('bwrap', 'examples/backend-adapter, a package by somebody else', () => {
  const author = new Consumer(temporaryFolder(), '24');
  const operator = new Consumer(temporaryFolder(), '22');
  const start = ['start', 'shell', '--backend', 'tiny', '--', 'uname', '-n'];

  beforeAll(async () => {
    cpSync(join(copy, 'examples/backend-adapter'), author.folder, { recursive: true });
    await author.succeed('npm', 'install');
    await author.succeed('npm', 'publish');
    const root = join(operator.env['HOME'] ?? '', '.bot-bottle');
    mkdirSync(root);
    writeFileSync(join(root, 'bot-bottle.yaml'), 'backends:\n  tiny: bot-bottle-backend-tiny\n');
    await operator.succeed('npm', 'install', 'bot-bottle');
    await operator.succeed('npm', 'install', '--prefix', root, 'bot-bottle-backend-tiny');
  });

  it('keeps the contract, by the suite of the published version', async () => {
    const { status, output } = await author.attempt('npm', 'test', '--', '--test-reporter=tap');
    expect(output.match(/^ *not ok .*/gm) ?? []).toEqual([]);
    expect([status, Number(/^# pass (\d+)/m.exec(output)?.[1])]).toEqual([0, expect.any(Number)]);
    expect(Number(/^# pass (\d+)/m.exec(output)?.[1])).toBeGreaterThan(35);
  });

  it('is loaded by name', async () => {
    expect(await operator.succeed('npx', 'bot-bottle', ...start)).toMatch(/^shell-[a-z0-9]{5}\r?\n$/);
  });

  it('is loaded by a bot-bottle whose contract is a minor version on', async () => {
    await bumpContract(operator, '{ major: 1, minor: 1 }');
    expect(await operator.succeed('npx', 'bot-bottle', ...start)).toMatch(/^shell-[a-z0-9]{5}\r?\n$/);
  });

  it('is refused by one whose contract is a major version on, in words that name both', async () => {
    await bumpContract(operator, '{ major: 2, minor: 0 }');
    const { status, output } = await operator.attempt('npx', 'bot-bottle', ...start);
    expect([status, output]).toEqual([
      125,
      expect.stringContaining(
        'backend "tiny" speaks contract 1.0, this bot-bottle 2.0; upgrade backend "tiny"',
      ),
    ]);
  });
});
