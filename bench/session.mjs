// A whole session (`start shell -- -c true`, from typing it to its exit code, state made and cleaned up) against bare
// bubblewrap running `true` with the same namespaces, and against bare Node; and what a keeper holds in memory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paired, report } from './paired.mjs';

const cli = fileURLToPath(new URL('../apps/cli/dist/bot-bottle.cjs', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
const env = { ...process.env, BOT_BOTTLE_HOME: root };

function run(file, args) {
  const { status, stdout, stderr } = spawnSync(file, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}
const bottle = (...args) => run(process.execPath, [cli, ...args]);

const session = () => bottle('start', 'shell', '--', '-c', 'true');
const bubblewrap = () =>
  run('bwrap', [
    ...['--unshare-all', '--unshare-user', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev'],
    ...['--die-with-parent', 'bash', '-c', 'true'],
  ]);

/** Kilobytes that only this process holds, and all that it has mapped in, as the kernel counts them (proc(5)). */
function memoryOf(pid) {
  const read = (file, key) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))[1]);
  const rollup = `/proc/${pid}/smaps_rollup`;
  return {
    own: read(rollup, 'Private_Dirty') + read(rollup, 'Private_Clean'),
    resident: read(rollup, 'Rss'),
  };
}

try {
  report(await paired({ name: 'session, base bare bubblewrap', ours: session, base: bubblewrap }));
  report(
    await paired({
      name: 'session, base node -e 0',
      ours: session,
      base: () => run(process.execPath, ['-e', '0']),
    }),
  );

  const identity = bottle('start', 'shell', '--detach', '--', '-c', 'sleep 600').trim();
  const { pid } = JSON.parse(readFileSync(join(root, 'state', identity, 'session.json'), 'utf8'));
  const { own, resident } = memoryOf(pid);
  const mebibytes = kilobytes => (kilobytes / 1024).toFixed(1);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ name: 'keeper memory', own, resident }));
  else
    console.log(`a keeper's memory: ${mebibytes(own)} MiB of its own, ${mebibytes(resident)} MiB resident`);
  bottle('stop', identity, '--grace', '0');
} finally {
  rmSync(root, { recursive: true });
}
