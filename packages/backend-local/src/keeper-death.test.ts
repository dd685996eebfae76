import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleSpec } from '@bot-bottle/backend';
import { describeWith } from '@bot-bottle/test-kit';
import { operator, run } from '../test/bottle.js';

const machine = operator();
const { backend, spec } = machine;

// A process that must be killed runs what was built.
const KEEPER = join(__dirname, '../test/keeper.mjs');

function keeper(killed: string, wanted: BottleSpec): ChildProcess {
  const { home, stateRoot } = machine;
  const argument = JSON.stringify({ spec: wanted, home, stateRoot });
  return spawn(process.execPath, [KEEPER, killed, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function shows(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  for await (const chunk of child.stdout ?? []) {
    output += chunk;
    if (output.includes(text)) return;
  }
  throw new Error(`the keeper ended without ${text}: ${output}`);
}

/** Processes of the host whose command line holds the marker. A keeper's own has it too. */
function marked(marker: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Fails by the test's own time limit when some never go. */
async function gone(marker: string): Promise<void> {
  while (marked(marker).length > 0) await sleep(20);
}

/** Everything that a process can do to stay: leave the session, ignore every signal that can be, be nobody's child. */
const CLING = `
  for depth in 1 2 3; do
    setsid nohup sh -c 'trap "" HUP TERM INT QUIT; (while :; do sleep 0.1; done) & while :; do sleep 0.1; done' "$1" >/dev/null 2>&1 &
  done
  trap "" HUP TERM
  sleep 0.1
  echo clinging
  while :; do sleep 0.1; done`;

describeWith('bwrap', 'when the keeper is killed', () => {
  beforeAll(() => {
    if (!existsSync(join(__dirname, '../dist/index.js')))
      throw new Error('build this package first: pnpm turbo build');
  });

  it('nothing of the bottle goes on, whatever it did to stay', async () => {
    const marker = `cling-${process.pid}-x`;
    const wanted = spec('keeper-aaaaa', { command: ['sh', '-c', CLING, 'probe', marker] });
    const child = keeper('never', wanted);
    await shows(child, 'clinging');
    // The keeper's and bubblewrap's command lines, the agent's, three that left with a child each.
    expect(marked(marker).length).toBeGreaterThanOrEqual(8);
    expect(await backend.status(wanted)).toEqual({ state: 'running' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await gone(marker);
    expect(await backend.status(wanted)).toEqual({ state: 'exited', exit: null });
    await backend.stop(wanted, { graceMs: 0 });
    expect(await run(backend, { ...wanted, command: ['echo', 'again'] })).toEqual({
      code: 0,
      output: 'again\n',
    });
    expect(await backend.destroy(wanted)).toEqual({ removed: true, left: [] });
  });

  it.each(['before-open', 'on-open', 'on-join', 'on-proof', 'on-launch', 'on-data'])(
    'during a launch (%s), nothing goes on, no secret is left, and the next launch works',
    async moment => {
      const marker = `early-${process.pid}-x`;
      // Stands on the command line of the process that opens this way out, and of no other.
      const port = 20_000 + (process.pid % 40_000);
      const helper = `\0${port}\0GET `;
      const wanted = spec(`keeper-${moment.replace('-', '').slice(0, 5)}`, {
        command: ['sh', '-c', ': >/workspace/ran; echo up; while :; do sleep 0.1; done', marker],
        env: { TOKEN: 'a-secret-value' },
        egress: { port },
      });
      for (let round = 0; round < 5; round++) {
        expect(await once(keeper(moment, wanted), 'exit')).toEqual([null, 'SIGKILL']);
        await gone(marker);
        await gone(helper);
        // A process without a command line may still be on its way out.
        while ((await backend.status(wanted)).state === 'running') await sleep(20);
      }
      // Before its way out is proven no agent starts.
      const ran = existsSync(join(wanted.workspace.source, 'ran'));
      expect(ran).toBe(['on-launch', 'on-data'].includes(moment));
      for (const name of readdirSync(wanted.stateFolder).filter(name => name !== 'dev')) {
        expect(readFileSync(join(wanted.stateFolder, name), 'latin1')).not.toContain('a-secret-value');
      }
      await backend.stop(wanted, { graceMs: 0 });
      const again = { ...spec(wanted.identity), command: ['echo', 'again'] };
      expect(await run(backend, again)).toEqual({ code: 0, output: 'again\n' });
      expect(await backend.destroy(wanted)).toEqual({ removed: true, left: [] });
    },
  );

  it('what a launch left half made is found by the file that it holds, and killed', async () => {
    const wanted = spec('keeper-ddddd', { command: ['true'] });
    const child = keeper('on-open', wanted);
    await once(child, 'exit');
    while ((await backend.status(wanted)).state === 'running') await sleep(20);
    // As bubblewrap's first process, when its parent is killed before that lets it go on: it waits for ever.
    const status = join(wanted.stateFolder, 'bwrap-status.json');
    writeFileSync(
      join(wanted.stateFolder, 'process'),
      '00000000-0000-0000-0000-000000000000\n1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0\n',
    );
    writeFileSync(status, '');
    const stuck = spawn('sh', ['-c', 'exec 7<"$1"; echo stuck; exec sleep 600', 'probe', status], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await shows(stuck, 'stuck');
    const exit = once(stuck, 'exit');
    await backend.stop(wanted, { graceMs: 0 });
    expect(await exit).toEqual([null, 'SIGKILL']);
    await backend.destroy(wanted);
  });

  it('another process stops and destroys what a live keeper still holds', async () => {
    const marker = `other-${process.pid}-x`;
    const wanted = spec('keeper-ccccc', { command: ['sh', '-c', CLING, 'probe', marker] });
    const child = keeper('never', wanted);
    await shows(child, 'clinging');
    const exit = once(child, 'exit');
    expect(await backend.destroy(wanted)).toEqual({ removed: true, left: [] });
    expect(await exit).toEqual([137, null]);
    await gone(marker);
    expect(await backend.status(wanted)).toEqual({ state: 'absent' });
  });
});
