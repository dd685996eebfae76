import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseIdentity } from '@bot-bottle/identity';
import { bottlePaths } from '@bot-bottle/state-paths';
import { type Outcome, runParallel, temporaryFolder } from '@bot-bottle/test-kit';
import { newRecord, readRecord, writeRecord } from './index.js';

const built = (name: string) => JSON.stringify(join(__dirname, `../../${name}/dist/index.js`));
const identity = parseIdentity('claude-x7k2m');

/**
 * Processes 0 and 1 write records of many sizes, each of which says what it must look like; the others read until both are
 * done. `how` writes, `look` reads.
 */
const source = (how: string, look: string) => `
  import { existsSync, readFileSync, writeFileSync } from 'node:fs';
  import { encodeRecord, decodeRecord, newRecord, readRecord, updateRecord, writeRecord } from ${built('metadata')};
  import { bottlePaths } from ${built('state-paths')};
  const pause = new Int32Array(new SharedArrayBuffer(4));
  export default async (number, root, rounds) => {
    const paths = bottlePaths(root, ${JSON.stringify(identity)});
    const base = newRecord({ identity: paths.identity, agentName: 'claude' });
    if (number < 2) {
      for (let round = 0; round < rounds; round++) {
        const sign = String.fromCharCode(97 + (round % 26));
        const size = (round * 7919) % 20_000;
        const record = { ...base, args: [number, sign, String(size)], labels: { payload: sign.repeat(size) } };
        await (${how})(paths, record);
      }
      writeFileSync(root + '/done-' + number, '');
      return {};
    }
    let reads = 0;
    let torn = 0;
    const seen = new Set();
    while (!existsSync(root + '/done-0') || !existsSync(root + '/done-1')) {
      for (let i = 0; i < 10; i++) {
        try {
          const record = (${look})(paths);
          if (record === null) continue;
          const { args: [writer, sign, size], labels: { payload } } = record;
          seen.add(writer);
          if (payload !== sign.repeat(Number(size))) torn += 1;
        } catch {
          torn += 1;
        }
        reads += 1;
      }
      Atomics.wait(pause, 0, 0, 5);
    }
    return { reads, torn, seen: [...seen] };
  };`;

async function race(processes: number, rounds: number, how: string, look: string) {
  const root = temporaryFolder({ memory: true });
  const paths = bottlePaths(root, identity);
  mkdirSync(paths.folder, { recursive: true });
  const outcomes = await runParallel(processes, source(how, look), [root, String(rounds)], { timeout: 150 });
  const results = outcomes.map(resultOf).slice(2);
  return {
    paths,
    reads: results.reduce((sum, { reads }) => sum + reads, 0),
    torn: results.reduce((sum, { torn }) => sum + torn, 0),
    writersSeen: new Set(results.flatMap(({ seen }) => seen)).size,
  };
}

function resultOf({ status, stdout, stderr }: Outcome): { reads: number; torn: number; seen: string[] } {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('one record with two writers and twenty readers', () => {
  it('is never read torn in ten thousand rounds', async () => {
    const { paths, reads, torn, writersSeen } = await race(22, 5_000, 'writeRecord', 'readRecord');
    expect({ torn, writersSeen }).toEqual({ torn: 0, writersSeen: 2 });
    expect(reads).toBeGreaterThan(10_000);
    expect(readRecord(paths)).not.toBeNull();
    expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
  }, 160_000);

  it('is read torn when written the naive way, with writeFile', async () => {
    const write = '(paths, record) => writeFileSync(paths.metadata, encodeRecord(record))';
    const { torn } = await race(6, 3_000, write, 'readRecord');
    expect(torn).toBeGreaterThan(0);
  }, 160_000);
});

describe('one record with eight updaters', () => {
  /** Each counts to ten under a label of its own, all at the same time. Returns where they come to. */
  async function countToTen(update: string) {
    const root = temporaryFolder({ memory: true });
    const paths = bottlePaths(root, identity);
    mkdirSync(paths.folder, { recursive: true });
    const script = `
      import { readRecord, updateRecord, writeRecord } from ${built('metadata')};
      import { bottlePaths } from ${built('state-paths')};
      export default async (number, root) => {
        const paths = bottlePaths(root, ${JSON.stringify(identity)});
        const key = 'writer' + number;
        const increment = record => {
          const count = Number(record.labels[key] ?? 0) + 1;
          return { ...record, labels: { ...record.labels, [key]: String(count) } };
        };
        for (let round = 0; round < 10; round++) await ${update};
      };`;
    await writeRecord(paths, newRecord({ identity, agentName: 'claude' }));
    for (const { status, stderr } of await runParallel(8, script, [root])) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
    return Object.entries(readRecord(paths)?.labels ?? {}).sort();
  }

  const all = Array.from({ length: 8 }, (_, number) => [`writer${number}`, '10']);

  it('loses no update of any of them', async () => {
    expect(await countToTen('updateRecord(paths, increment, { wait: 60_000 })')).toEqual(all);
  });

  it('loses some where each reads and writes without a lock', async () => {
    // The others come in between; the pause only makes that likely.
    const naive = `(async record => {
      await new Promise(resolve => setTimeout(resolve, 5));
      await writeRecord(paths, increment(record));
    })(readRecord(paths))`;
    expect(await countToTen(naive)).not.toEqual(all);
  });
});
