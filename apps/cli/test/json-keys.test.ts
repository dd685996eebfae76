/** What programs read: the keys of every `--json`. A later version may add to this snapshot, and never change or remove. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import type { CommandSpec } from '../src/commands/spec.js';
import { COMMANDS } from '../src/commands/table.js';
import { Operator, until } from './support/cli.js';

const README = readFileSync(join(__dirname, '../README.md'), 'utf8');

/** Their keys are the operator's own. */
const MAPS = new Set(['labels', 'setEnv']);

/** Each key by the way that leads to it, such as `checks[].level`; what an array's elements have together. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return unique(value.flatMap(element => keysOf(element, `${path}[]`)));
  if (typeof value !== 'object' || value === null) return [];
  const keys = Object.entries(value).flatMap(([key, each]) => {
    const here = path === '' ? key : `${path}.${key}`;
    return [here, ...(MAPS.has(key) ? [] : keysOf(each, here))];
  });
  return unique(keys);
}

function unique(keys: readonly string[]): string[] {
  return [...new Set(keys)].sort();
}

/** What README says of a command's shape. */
function documented(name: string): string {
  const rows = README.split('## For programs\n')[1]?.split('\n## ')[0]?.split('\n') ?? [];
  return rows.find(row => row.split('|')[1]?.includes(`\`${name}\``)) ?? '';
}

/** They need an image, or containers: the Docker backend's own tests hold theirs. */
const OF_DOCKER = ['image', 'rebuild', 'adopt', 'migrate'];

describeWith(['bwrap', 'curl'], '--json has the keys of before:', () => {
  const operator = new Operator();
  const project = join(operator.home, 'project');
  const asked = new Set<string>();
  let id = '';

  async function ask(line: string): Promise<unknown> {
    const words = line.split(' ').map(word => (word === 'ID' ? id : word));
    asked.add(words[0] ?? '');
    const split = words.includes('--') ? words.indexOf('--') : words.length;
    const { stdout } = await operator.run([...words.slice(0, split), '--json', ...words.slice(split)]);
    return JSON.parse(stdout);
  }

  beforeAll(async () => {
    mkdirSync(project);
    writeFileSync(join(project, 'text'), 'before\n');
    writeFileSync(join(operator.home, 'allowlist'), 'example.org\n');
    const script = 'echo after >text; curl -sS http://nowhere.example/; echo asked; read -r line; exit 3';
    const bottle = await operator.start('shell', '--copy-cwd', project, '-l', 'k=v', '--', '-c', script);
    id = bottle.identity;
    await until(async () => (await operator.run(['logs', id])).stdout.includes('asked'));
  });

  afterAll(() => operator.killAll());

  // In this order, on one bottle.
  it.each([
    'list --size',
    'show ID',
    'diff ID --stat',
    'allow ID example.com',
    'deny ID example.com',
    'policy ID',
    'policy ID --allowlist allowlist',
    'egress ID',
    'egress ID --suggest',
    'egress ID --replay allowlist',
    'preserve ID',
    'prune --dry-run',
    'stop ID --grace 1',
    'resume ID --detach',
    'rm ID --force',
    'start shell --detach -- -c true',
    'agents',
    'doctor',
  ])('%s', async line => {
    const keys = keysOf(await ask(line));
    expect(keys).toMatchSnapshot();
    const [name = ''] = line.split(' ');
    // The records of the log are told in docs/state-format.md.
    if (line === 'egress ID') return;
    // `show` has the keys of `list`, and says so.
    const told = name === 'show' ? documented('list') + documented('show') : documented(name);
    const names = new Set(keys.map(key => key.replace(/^\[\]\./, '').split(/[.[]/)[0] ?? ''));
    expect([...names].filter(key => !new RegExp(`\\b${key}\\b`).test(told))).toEqual([]);
  });

  it('and every command that has it is asked', () => {
    const commands: readonly CommandSpec[] = COMMANDS;
    const withJson = commands.filter(({ options }) => options?.some(option => option.name === 'json'));
    expect([...asked, ...OF_DOCKER].sort()).toEqual(withJson.map(({ name }) => name).sort());
  });
});
