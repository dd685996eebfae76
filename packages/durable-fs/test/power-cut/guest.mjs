// Runs inside the test machine. `write` acknowledges on the console each value that was reported as written, first durably,
// then the naive way, and waits for the power to go; `read` says what the disk then holds.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createFile, removeFile, replaceFile } from './durable-fs.mjs';

const say = line => writeSync(1, `${line}\n`);
/** A value that shows whether it is whole: its number on each of its lines. */
const text = n => `${n}\n`.repeat(500);
const number = file => {
  if (!existsSync(file)) return 'absent';
  const content = readFileSync(file, 'utf8');
  const n = Number(content.split('\n', 1)[0]);
  return content === text(n) ? n : `torn (${statSync(file).size} bytes)`;
};

async function write() {
  mkdirSync('/disk/created', { recursive: true });
  for (let n = 1; n <= 100; n += 1) {
    await replaceFile('/disk/durable', text(n));
    say(`ACK durable ${n}`);
    await createFile(`/disk/created/${n}`, text(n));
    say(`ACK created ${n}`);
    if (n > 10) {
      await removeFile(`/disk/created/${n - 10}`);
      say(`ACK removed ${n - 10}`);
    }
  }
  for (let n = 1; n <= 20; n += 1) {
    writeFileSync('/disk/naive.tmp', text(n));
    renameSync('/disk/naive.tmp', '/disk/naive');
    say(`ACK naive ${n}`);
  }
  setInterval(() => {}, 60_000);
}

function read() {
  const created = readdirSync('/disk/created').map(Number);
  const found = {
    durable: number('/disk/durable'),
    naive: number('/disk/naive'),
    created: created.sort((a, b) => a - b),
    torn: created.filter(n => number(`/disk/created/${n}`) !== n),
    temporaries: readdirSync('/disk').filter(name => name.startsWith('.')),
  };
  say(`FOUND ${JSON.stringify(found)}`);
}

await { write, read }[process.argv[2]]();
