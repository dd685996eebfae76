// The main job of `npm start`: one bottle's whole life, told as it happens, through the CLI alone.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

const [cli] = process.argv.slice(2);
const label = `tour=${randomUUID().slice(0, 8)}`;
const colour = process.stdout.isTTY && !process.env.NO_COLOR;

function step(title) {
  process.stdout.write(colour ? `\n\x1b[1m${title}\x1b[0m\n` : `\n${title}\n`);
}

/** Runs the CLI on this terminal, saying the command that an operator would type; ends the tour where it fails. */
function bottle(...args) {
  process.stdout.write(
    colour ? `\x1b[2m$ bot-bottle ${args.join(' ')}\x1b[0m\n` : `$ bot-bottle ${args.join(' ')}\n`,
  );
  const { status, signal } = spawnSync(process.execPath, [cli, ...args], { stdio: 'inherit' });
  if (status === 0) return;
  process.stderr.write(`the tour ended: that command failed (${signal ?? `exit ${status}`})\n`);
  const left = find();
  if (left !== undefined) process.stderr.write(`  try: npm start -- rm --force ${left}\n`);
  process.exit(1);
}

/** The identity of the tour's bottle, by its label; undefined when there is none. */
function find() {
  const { stdout, status } = spawnSync(process.execPath, [cli, 'list', '--json', '--label', label], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) return undefined;
  return stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line).identity)[0];
}

step('1. Start a bottle. What can the agent do in it, and what not?');
bottle('start', 'demo', '--preserve', '--label', label);

const identity = find();
if (identity === undefined) {
  process.stderr.write('the tour ended: the bottle was to be preserved, and it is gone\n');
  process.exit(1);
}

step('2. The session is over; its state was preserved.');
bottle('show', identity);

step('3. Resume the same bottle: transcript and workspace come back.');
bottle('resume', identity);
if (find() !== undefined) {
  step('4. Clean up.');
  bottle('rm', '--force', identity);
} else {
  step('4. Nobody asked to preserve it this time, so it is gone.');
}
bottle('list');
