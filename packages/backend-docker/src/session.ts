import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleRef, ExitStatus, LaunchHost, RunningBottle, Terminal } from '@bot-bottle/backend';
import { BackendError, holdTerminal } from '@bot-bottle/backend';
import { type ContainerState, ignoreRefusal, inspect, requireNetwork } from './containers.js';
import type { Engine } from './engine.js';
import { LastingTerminal } from './lasting-terminal.js';
import { containerOf, projectOf } from './names.js';
import { readPrepared, scratchOf } from './scratch.js';
import { listen, prove, requireServe, startEgress } from './way-out.js';

/** Milliseconds between two looks at whether the agent's container has started; the first is at its first output. */
const POLL = 150;
/** Milliseconds between two looks at an engine that is away, and between two clients on a terminal. */
const RETRY_MS = 500;
/** Milliseconds that an engine may take to restart while a bottle runs. */
const RESTART_MS = 30_000;
/** Of a container that somebody removed: it was killed. */
const REMOVED: ExitStatus = { code: 137 };
/** As long as a bottle may run under one keeper. */
const FOR_EVER = 2 ** 31 - 1;

/**
 * The client, on the bottle's terminal. Keys that detach would be kept from the agent, and cannot be switched off: octets that no
 * terminal sends (they are in no UTF-8 text), in an order that no file is likely to hold which is piped in. Only a shell can say them.
 */
const DETACH_KEYS = '\\377,\\370,\\376,\\371,\\375,\\372,\\374,\\373';
const ATTACH_SCRIPT = `exec "$@" --detach-keys "$(printf "${DETACH_KEYS}")" "$0"`;

/** Creates the project's containers and starts them, the agent's last. What fails is taken back by the caller. */
export async function launchProject(
  engine: Engine,
  ref: BottleRef,
  host: LaunchHost,
): Promise<RunningBottle> {
  const scratch = scratchOf(ref);
  const { port } = readPrepared(scratch) ?? { port: null };
  const serve = port === null ? null : requireServe(host);
  const server = serve === null ? null : await listen(scratch, serve);
  let shown: ReturnType<typeof openTerminal> | null = null;
  try {
    await create(engine, ref, server === null ? 'none' : 'egress');
    shown = openTerminal(engine, ref, host, ['start', '--attach', '--interactive']);
    let over = false;
    const { lasting, terminal } = shown;
    const sign = new Promise<void>(resolve => {
      lasting.onData(() => resolve());
      terminal.onExit(() => {
        over = true;
        resolve();
      });
    });
    let seen: ContainerState;
    do {
      await Promise.race([sign, sleep(POLL)]);
      seen = await inspect(engine, ref, 'agent');
    } while (seen.state === 'created' && !over);
    if (seen.state === 'created' || seen.state === 'absent') {
      const reason = shown.said().trim() || 'the engine started nothing and said nothing';
      throw new BackendError('launch-failed', `the agent's container did not start: ${reason}`);
    }
    return running(engine, ref, shown, server);
  } catch (error) {
    // Its client would start the agent yet, once the engine answers again, and keep this process.
    shown?.terminal.kill('SIGKILL');
    server?.close();
    throw error;
  }
}

/** Creates the project's containers, and starts the one that the agent's has its network of. Both are proven before the agent runs. */
async function create(engine: Engine, ref: BottleRef, network: 'none' | 'egress'): Promise<void> {
  const file = ['--project-name', projectOf(ref), '--file', scratchOf(ref).compose];
  const up = (...words: string[]) => engine.compose([...file, 'up', '--no-start', ...words]);
  const oneByOne = network === 'egress' && !(await engine.composeCommand()).sharesAtRest;
  if (oneByOne) {
    await up('egress');
    await startEgress(engine, ref);
    await up('--no-recreate', 'agent');
    return requireNetwork(engine, ref, network);
  }
  await up();
  const started = network === 'egress' ? startEgress(engine, ref) : undefined;
  // Both to their end: what fails is removed next, and must not be started meanwhile.
  for (const outcome of await Promise.allSettled([started, requireNetwork(engine, ref, network)])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Takes over a project that runs. @throws BackendError `isolation-failed` where its way out is gone */
export async function attachProject(
  engine: Engine,
  ref: BottleRef,
  host: LaunchHost,
): Promise<RunningBottle> {
  const scratch = scratchOf(ref);
  const prepared = readPrepared(scratch);
  if (prepared === null) throw unproven(ref);
  const { port } = prepared;
  const server = port === null ? null : await listen(scratch, requireServe(host));
  try {
    if (port !== null) await prove(engine, ref, port);
    return running(engine, ref, openTerminal(engine, ref, host, ['attach']), server);
  } catch (error) {
    server?.close();
    throw error;
  }
}

/** Its socket's folder went with the rest, and what is made in its place the bottle does not see. */
function unproven({ identity }: BottleRef): BackendError {
  return new BackendError(
    'isolation-failed',
    `what ${identity} was prepared with is gone, so its way out cannot be proven; expected it to be stopped and launched anew`,
    { remedy: `bot-bottle stop ${identity}` },
  );
}

/** The agent's terminal. A client that ends before the agent does is followed by another one. */
function openTerminal(engine: Engine, ref: BottleRef, host: LaunchHost, words: readonly string[]) {
  const first = openClient(engine, ref, host, words);
  const lasting: LastingTerminal = new LastingTerminal(first, async () => {
    while ((await lookPatiently(engine, ref, lasting))?.state === 'running') {
      await sleep(RETRY_MS);
      if (lasting.killed) break;
      try {
        return openClient(engine, ref, host, ['attach']);
      } catch {
        // No terminal to be had now: later, perhaps.
      }
    }
    return null;
  });
  return { ...holdTerminal(lasting), lasting };
}

function openClient(engine: Engine, ref: BottleRef, host: LaunchHost, words: readonly string[]): Terminal {
  const name = containerOf(ref, 'agent');
  const args = ['-c', ATTACH_SCRIPT, name, 'docker', ...words];
  try {
    return host.openTerminal({ file: '/bin/sh', args, env: engine.clientEnvironment, cwd: '/' });
  } catch (cause) {
    throw new BackendError('launch-failed', `no terminal: ${(cause as Error).message}`, { cause });
  }
}

function running(
  engine: Engine,
  ref: BottleRef,
  { terminal, lasting }: ReturnType<typeof openTerminal>,
  server: Server | null,
): RunningBottle {
  const exited = new Promise<ExitStatus>(resolve => {
    terminal.onExit(client => {
      void settle(engine, ref, lasting, client).then(exit => {
        server?.close();
        resolve(exit);
      });
    });
  });
  return { pid: null, terminal, exited };
}

/** How the agent ended, once it has: whoever let go of its terminal may have been before it. Its way out goes with it. */
async function settle(
  engine: Engine,
  ref: BottleRef,
  lasting: LastingTerminal,
  client: ExitStatus,
): Promise<ExitStatus> {
  let seen = await lookPatiently(engine, ref, lasting);
  while (seen?.state === 'running') {
    await engine
      .change(['wait', containerOf(ref, 'agent')], { timeoutMs: FOR_EVER })
      .catch(() => sleep(RETRY_MS));
    seen = await lookPatiently(engine, ref, lasting);
  }
  // What is left of it goes when the bottle is destroyed.
  await killEgress(engine, ref).catch(() => {});
  if (seen?.state === 'exited') return seen.exit;
  return seen === null ? client : REMOVED;
}

/**
 * How the agent's container stands; waits for an engine that restarts, unless the host let go of the terminal already. Null: there
 * is none to ask any more, nor soon.
 */
async function lookPatiently(
  engine: Engine,
  ref: BottleRef,
  terminal: Pick<LastingTerminal, 'killed'>,
): Promise<ContainerState | null> {
  const limit = performance.now() + RESTART_MS;
  for (;;) {
    try {
      return await inspect(engine, ref, 'agent');
    } catch {
      if (terminal.killed || performance.now() > limit) return null;
      await sleep(RETRY_MS);
    }
  }
}

export async function stopEgress(engine: Engine, ref: BottleRef): Promise<void> {
  if ((await inspect(engine, ref, 'egress')).state === 'running') await killEgress(engine, ref);
}

/** It keeps nothing, so it is not asked. A bottle without a way out has none. */
async function killEgress(engine: Engine, ref: BottleRef): Promise<void> {
  await engine.change(['kill', containerOf(ref, 'egress')]).catch(ignoreRefusal);
}
