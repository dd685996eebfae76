import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';
import { released } from '../src/released.ts';
import { type Budgets, installedSizes, overBudget } from '../src/sizes.ts';

const budgets: Budgets = JSON.parse(readFileSync(join(__dirname, '../budgets.json'), 'utf8'));
const { releases } = released();

it('each published package has a budget, and nothing else has', () => {
  expect(Object.keys(budgets)).toEqual(releases.map(({ name }) => name).sort());
});

it.each(releases)('$name and all that it pulls in stays within its budget', async ({ name }) => {
  const consumer = new Consumer(temporaryFolder(), '22');
  await consumer.succeed('npm', 'install', name);
  expect(overBudget(name, installedSizes(consumer.folder), budgets)).toBeNull();
});

it('a package that grew is shown with its parts, the heaviest first', () => {
  const sizes = { '@bot-bottle/one': 40_000, other: 61_000 };
  expect(overBudget('@bot-bottle/one', sizes, { '@bot-bottle/one': 101 })).toBeNull();
  expect(overBudget('@bot-bottle/one', sizes, { '@bot-bottle/one': 100 })).toBe(
    '@bot-bottle/one weighs 101.0 kB; its budget is 100 kB:\n     61.0 kB  other\n     40.0 kB  @bot-bottle/one',
  );
  expect(overBudget('@bot-bottle/one', sizes, {})).toMatch(/^@bot-bottle\/one has no budget/);
});
