import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';
import { entriesOf } from '../src/entries.ts';
import { released } from '../src/released.ts';
import { TYPESCRIPT } from '../src/typescript.ts';

const { releases, copy } = released();
const libraries = releases.filter(({ name }) => name !== 'bot-bottle');
const entries = entriesOf(copy, libraries);
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
const yarn = join(modules, 'yarn/bin/yarn.js');
const yarn4 = join(modules, '@yarnpkg/cli-dist/bin/yarn.js');

/** What each entry exports at run time, as the module says it. */
const REPORT = `console.log(JSON.stringify(all.map(module => Object.keys(module).sort())));\n`;
const imports = entries.map((entry, index) => `import * as m${index} from '${entry}';\n`).join('');
const NAMES_OF_CJS = `const all = ${JSON.stringify(entries)}.map(name => require(name));\n${REPORT}`;
const list = entries.map((_entry, index) => `m${index}`).join(', ');

const NAMES_OF_ESM = `${imports}const all = [${list}];\n${REPORT}`;

// Each manager once, each Node once, each way to load with each of them: what the full product would add are repetitions.
const INSTALL: Record<string, readonly string[]> = {
  npm: ['npm', 'install'],
  pnpm: ['pnpm', 'add'],
  yarn: ['node', yarn, 'add', '--non-interactive'],
};

describe.each([
  { manager: 'npm', node: '22' },
  { manager: 'pnpm', node: '24' },
  { manager: 'yarn', node: '26' },
])('installed by $manager on Node $node, every entry', ({ manager, node }) => {
  const consumer = new Consumer(temporaryFolder(), node);
  const names: string[][] = [];

  beforeAll(async () => {
    await consumer.succeed(...(INSTALL[manager] ?? []), '@types/node', ...libraries.map(({ name }) => name));
  });

  it('loads as an ES module', async () => {
    consumer.write('all.mjs', NAMES_OF_ESM);
    names.push(...JSON.parse(await consumer.succeed('node', 'all.mjs')));
    expect(names.map(exported => exported.length > 0)).toEqual(entries.map(() => true));
  });

  it('gives CommonJS the same names', async () => {
    consumer.write('all.cjs', NAMES_OF_CJS);
    expect(JSON.parse(await consumer.succeed('node', 'all.cjs'))).toEqual(names);
  });

  it('is one copy, however it is loaded', async () => {
    consumer.write(
      'one.cjs',
      "const { MetadataError } = require('@bot-bottle/metadata');\n" +
        "import('@bot-bottle/metadata').then(module => console.log(module.MetadataError === MetadataError));\n",
    );
    expect(await consumer.succeed('node', 'one.cjs')).toBe('true\n');
  });

  it.each([
    { module: 'nodenext', resolution: 'nodenext', files: ['all.mts', 'all.cts'] },
    { module: 'esnext', resolution: 'bundler', files: ['all.mts'] },
  ])('has types for TypeScript with $resolution, strict', async ({ module, resolution, files }) => {
    for (const file of files) {
      consumer.write(file, `${imports}export const all = [${list}] as const;\n`);
    }
    const compilerOptions = {
      ...{ module, moduleResolution: resolution, target: 'es2023', lib: ['es2023'], types: ['node'] },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
      skipLibCheck: false,
    };
    consumer.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    expect((await consumer.attempt('node', TYPESCRIPT, '-p', '.')).output).toBe('');
  });
});

// No folder of modules at all: what a package imports without declaring it is not found.
describe('installed by yarn 4 with Plug’n’Play, every entry', () => {
  const consumer = new Consumer(temporaryFolder(), '24');
  const run = (...args: string[]) => consumer.succeed('node', yarn4, ...args);

  it('loads as an ES module and from CommonJS', async () => {
    consumer.write('yarn.lock', '');
    await run('add', ...libraries.map(({ name }) => name));
    consumer.write('all.mjs', NAMES_OF_ESM);
    consumer.write('all.cjs', NAMES_OF_CJS);
    const names: string[][] = JSON.parse(await run('node', 'all.mjs'));
    expect(names.map(exported => exported.length > 0)).toEqual(entries.map(() => true));
    expect(JSON.parse(await run('node', 'all.cjs'))).toEqual(names);
  });
});
