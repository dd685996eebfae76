import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { installPacked, run, runReadmeExample, temporaryFolder } from '@bot-bottle/test-kit';

const folder = join(__dirname, '..');

describe('the packed package', () => {
  const project = installPacked(folder);
  const installed = join(project, 'node_modules');

  const code = (load: (name: string) => string) => `
    const { reserveIdentity, bottlePaths } = ${load('@bot-bottle/state-paths')};
    const { newRecord, readRecord, writeRecord, listRecords, MetadataError } = ${load('@bot-bottle/metadata')};
    const { encodeRecord, decodeRecord } = ${load('@bot-bottle/metadata/codec')};
    const root = process.argv[1];
    const identity = reserveIdentity(root, 'claude');
    const paths = bottlePaths(root, identity);
    const record = newRecord({ identity, agentName: 'claude' });
    writeRecord(paths, record).then(() => {
      const same = encodeRecord(readRecord(paths)) === encodeRecord(record);
      try { decodeRecord('{'); } catch (error) { console.log(same, [...listRecords(root)].length, error instanceof MetadataError); }
    });`;

  it.each([
    ['an ES module', 'module', (name: string) => `await import('${name}')`],
    ['CommonJS', 'commonjs', (name: string) => `require('${name}')`],
  ])('works from %s', (_what, type, load) => {
    const { stdout, stderr } = run(
      [process.execPath, `--input-type=${type}`, '-e', code(load), temporaryFolder()],
      {
        cwd: project,
      },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'true 1 true\n', stderr: '' });
  });

  it('runs the README example', () => {
    const { status, stdout, stderr } = runReadmeExample(folder, { BOT_BOTTLE_HOME: temporaryFolder() });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^claude-[a-z0-9]{5} docker \/home\/me\/project\n$/);
  });

  it('brings its JSON Schema', () => {
    const schema = run(
      [process.execPath, '-p', 'require("@bot-bottle/metadata/schema/metadata.schema.json").title'],
      {
        cwd: project,
      },
    );
    expect(schema.stdout).toBe('Launch record of a bottle\n');
  });

  it('pulls in nothing of third parties, and less than 100 kB of code', () => {
    expect(readdirSync(installed)).toEqual(['@bot-bottle']);
    const packages = readdirSync(join(installed, '@bot-bottle'));
    expect(packages.sort()).toEqual(['durable-fs', 'identity', 'metadata', 'state-paths']);
    const modules = packages
      .map(name => join(installed, '@bot-bottle', name, 'dist'))
      .flatMap(dist => readdirSync(dist).map(name => join(dist, name)))
      .filter(path => path.endsWith('.js'));
    expect(modules.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(100_000);
  });
});

describe('the codec', () => {
  it('runs where there is no Node, and loads only itself and identity', () => {
    const loaded: string[] = [];
    const realm = createContext({ crypto: globalThis.crypto, TextEncoder });

    function load(path: string): unknown {
      loaded.push(path.split('/packages/')[1] ?? path);
      const wrapper = runInContext(
        `(function (module, exports, require) {${readFileSync(path, 'utf8')}\n})`,
        realm,
      );
      const module = { exports: {} };
      wrapper(module, module.exports, (name: string) => load(resolve(name, path)));
      return module.exports;
    }

    function resolve(name: string, from: string): string {
      return name === '@bot-bottle/identity'
        ? join(folder, '../identity/dist/index.cjs')
        : join(dirname(from), name);
    }

    const codec = load(join(folder, 'dist/codec.cjs')) as typeof import('./codec.js');
    const text = '{\n  "identity": "claude-x7k2m",\n  "big": 12345678901234567890\n}\n';
    const record = codec.decodeRecord(text);
    if (record === null) throw new Error('expected a record');
    expect(codec.encodeRecord(record)).toContain('"big": 12345678901234567890');
    expect(loaded.map(path => path.split('/')[0])).toEqual(['metadata', 'metadata', 'identity']);
  });
});
