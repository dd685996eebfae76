// Replacing a record of 1 KiB durably, against the bare system calls for the same promise (open, write, fsync, rename,
// fsync of the folder), and against write-file-atomic, which promises less: it never syncs the folder.
import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, replaceFileSync } from '@bot-bottle/durable-fs';
import writeFileAtomic from 'write-file-atomic';
import { paired, report } from './paired.mjs';

const WRITES = 100;
const data = Buffer.alloc(1024, 'x');
// Where the operator's state would lie: a memory file system would make every fsync free.
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? process.cwd(), '.bench-'));

function bareCalls() {
  for (let i = 0; i < WRITES; i++) {
    const file = openSync(`${folder}/bare.tmp`, 'wx', 0o644);
    writeSync(file, data);
    fsyncSync(file);
    closeSync(file);
    renameSync(`${folder}/bare.tmp`, `${folder}/bare`);
    const parent = openSync(folder, 'r');
    fsyncSync(parent);
    closeSync(parent);
  }
}

async function repeat(write) {
  for (let i = 0; i < WRITES; i++) await write();
}

try {
  const sync = () => repeat(() => replaceFileSync(`${folder}/ours`, data));
  const async = () => repeat(() => replaceFile(`${folder}/ours`, data));
  const atomic = () => repeat(() => writeFileAtomic(`${folder}/atomic`, data));
  for (const [name, ours, base] of [
    ['replaceFileSync, base bare system calls', sync, bareCalls],
    ['replaceFile, base bare system calls', async, bareCalls],
    ['replaceFile, base write-file-atomic', async, atomic],
  ]) {
    report(await paired({ name: `${WRITES} durable writes: ${name}`, ours, base, rounds: 15 }));
  }
} finally {
  rmSync(folder, { recursive: true });
}
