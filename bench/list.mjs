// Listing the records of 100, 10,000 and 100,000 bottles, against a bare readdir + readFile loop, which checks and
// parses nothing, both with Node's synchronous calls (the quickest there is) and with its promises; and the memory that a listing needs, which must not grow with the bottles.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseIdentity } from '@bot-bottle/identity';
import { encodeRecord, listRecords, newRecord } from '@bot-bottle/metadata';
import { bottlePaths } from '@bot-bottle/state-paths';
import { paired, report } from './paired.mjs';

const COUNTS = [100, 10_000, 100_000];

if (process.argv[2] === '--memory') measureMemory(process.argv[3], Number(process.argv[4]));
else await main();

async function main() {
  for (const count of COUNTS) {
    const root = makeBottles(count);
    try {
      // A round reads 10,000 records at least, so that a hundred bottles are not a measure of the clock.
      const times = Math.max(1, 10_000 / count);
      report(
        await paired({
          name: `list ${count}, base readdirSync + readFileSync`,
          ours: () => repeat(times, () => list(root)),
          base: () => repeat(times, () => bareLoop(root)),
          rounds: count > 10_000 ? 9 : 21,
        }),
      );
      report(
        await paired({
          name: `list ${count}, base await readdir + readFile`,
          ours: () => repeat(times, () => list(root)),
          base: () => repeat(times, () => awaitedLoop(root)),
          rounds: count > 10_000 ? 3 : 7,
        }),
      );
      reportMemory(count, root);
    } finally {
      rmSync(root, { recursive: true });
    }
  }
}

async function repeat(times, work) {
  for (let i = 0; i < times; i++) await work();
}

function list(root) {
  let read = 0;
  for (const { record } of listRecords(root)) if (record?.cwd !== undefined) read += 1;
  return read;
}

function bareLoop(root) {
  let length = 0;
  for (const name of readdirSync(`${root}/state`)) {
    length += readFileSync(`${root}/state/${name}/metadata.json`, 'utf8').length;
  }
  return length;
}

async function awaitedLoop(root) {
  let length = 0;
  for (const name of await readdir(`${root}/state`)) {
    length += (await readFile(`${root}/state/${name}/metadata.json`, 'utf8')).length;
  }
  return length;
}

function makeBottles(count) {
  const root = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
  for (let i = 0; i < count; i++) {
    const identity = parseIdentity(`claude-${i.toString(36).padStart(5, '0')}`);
    const paths = bottlePaths(root, identity);
    mkdirSync(paths.folder, { recursive: true });
    const record = newRecord({ identity, agentName: 'claude', cwd: '/home/me/project', backend: 'local' });
    writeFileSync(paths.metadata, encodeRecord(record));
  }
  return root;
}

/** In a process of its own. */
function reportMemory(count, root) {
  const self = fileURLToPath(import.meta.url);
  const output = execFileSync(process.execPath, ['--expose-gc', self, '--memory', root, String(count)], {
    encoding: 'utf8',
  });
  const { live, peak } = JSON.parse(output);
  if (process.argv.includes('--json'))
    console.log(JSON.stringify({ name: `list ${count}, memory`, live, peak }));
  else
    console.log(
      `list ${count}, memory: at most ${live} kB live in the heap, ${peak} kB of the process at its peak`,
    );
}

/** What a listing keeps alive at most, looked at ten times on its way, and the process's peak, both in kB. */
function measureMemory(root, count) {
  gc();
  const before = process.memoryUsage().heapUsed;
  let live = 0;
  let seen = 0;
  for (const _ of listRecords(root)) {
    seen += 1;
    if (seen % Math.ceil(count / 10) !== 0) continue;
    gc();
    live = Math.max(live, process.memoryUsage().heapUsed - before);
  }
  console.log(JSON.stringify({ live: Math.round(live / 1024), peak: process.resourceUsage().maxRSS }));
}
