import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleSpec } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { operator, run } from '../test/bottle.js';
import { findProgram } from './programs.js';
import { readIfPresent } from './record.js';

const machine = operator();
const { backend, spec } = machine;

// A process that must be killed runs what was built.
const KEEPER = join(__dirname, '../test/keeper.mjs');

function keeper(killed: string, wanted: BottleSpec, env = process.env): ChildProcess {
  const { home, stateRoot } = machine;
  const argument = JSON.stringify({ spec: wanted, home, stateRoot });
  return spawn(process.execPath, [KEEPER, killed, argument], { stdio: ['ignore', 'pipe', 'inherit'], env });
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

/** An environment whose bubblewrap stays in its fork for longer than any test: its child waits meanwhile. */
function slowToFork(): NodeJS.ProcessEnv {
  const folder = temporaryFolder();
  const [bwrap, strace] = ['bwrap', 'strace'].map(name => findProgram(name));
  const script = [
    '#!/bin/sh',
    `[ "$1" != --version ] || exec ${bwrap} --version`,
    `exec ${strace} -D -f -qq -o /dev/null -e trace=clone -e inject=clone:delay_exit=600000000 ${bwrap} "$@"`,
  ];
  writeFileSync(join(folder, 'bwrap'), `${script.join('\n')}\n`, { mode: 0o755 });
  return { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
}

/** Of one process: a number below 1 would be a whole group's (kill(2)). */
function kill(pid = 0): void {
  if (pid < 1) throw new Error(`no process ${pid}`);
  process.kill(pid, 'SIGKILL');
}

/** The same bottle by another name of its root, as behind a home folder that is a link. */
function throughLink(wanted: BottleSpec): BottleSpec {
  const link = join(temporaryFolder(), 'root');
  symlinkSync(machine.stateRoot, link);
  return { ...wanted, stateFolder: wanted.stateFolder.replace(machine.stateRoot, link) };
}

/** The first process of a sandbox, and who traces it. proc_pid_status(5): NSpid has a number for each namespace. */
function forked(marker: string): { readonly pid: number; readonly tracer: number } | undefined {
  const found = marked(marker).map(pid => ({ pid, status: readIfPresent(`/proc/${pid}/status`) ?? '' }));
  const first = found.find(({ status }) => /^NSpid:\t\d+\t1$/m.test(status));
  return first && { pid: first.pid, tracer: Number(/^TracerPid:\t(\d+)$/m.exec(first.status)?.[1]) };
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
      // Before its way out is proven no agent starts; right after its launch it may not have come that far.
      const ran = existsSync(join(wanted.workspace.source, 'ran'));
      if (moment !== 'on-launch') expect(ran).toBe(moment === 'on-data');
      for (const name of readdirSync(wanted.stateFolder).filter(name => name !== 'dev')) {
        expect(readFileSync(join(wanted.stateFolder, name), 'latin1')).not.toContain('a-secret-value');
      }
      await backend.stop(wanted, { graceMs: 0 });
      const again = { ...spec(wanted.identity), command: ['echo', 'again'] };
      expect(await run(backend, again)).toEqual({ code: 0, output: 'again\n' });
      expect(await backend.destroy(wanted)).toEqual({ removed: true, left: [] });
    },
  );

  describeWith('strace', 'right as bubblewrap forks', () => {
    it.each(['stop', 'destroy', 'launch'] as const)(
      'what then waits for ever is killed by the next %s, and nothing else is',
      async next => {
        const marker = `forks-${next}-${process.pid}-x`;
        const wanted = throughLink(
          spec(`forks-${next.padEnd(5, 'x').slice(0, 5)}`, { command: ['true', marker] }),
        );
        const child = keeper('never', wanted, slowToFork());
        while (forked(marker) === undefined) await sleep(20);
        child.kill('SIGKILL');
        await once(child, 'exit');
        // Without its tracer bubblewrap goes on, to find that its terminal hung up.
        kill(forked(marker)?.tracer);
        while ((await backend.status(wanted)).state === 'running') await sleep(20);
        expect(forked(marker)).toBeDefined();
        const backup = spawn('sh', [
          '-c',
          'exec 7<"$1/seccomp.bpf"; echo reads; read -r x',
          'sh',
          wanted.stateFolder,
        ]);
        await shows(backup, 'reads');
        try {
          await {
            stop: () => backend.stop(wanted, { graceMs: 0 }),
            destroy: () => backend.destroy(wanted),
            launch: () => run(backend, { ...wanted, command: ['true'] }),
          }[next]();
          expect(forked(marker)).toBeUndefined();
          expect([backup.exitCode, backup.signalCode]).toEqual([null, null]);
        } finally {
          backup.kill();
          const left = forked(marker);
          if (left !== undefined) kill(left.pid);
        }
        await backend.destroy(wanted);
        await gone(marker);
      },
    );
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
