import type { BuildHost } from '@bot-bottle/backend';
import { SessionError } from '../session/errors.js';
import { writeSession } from '../session/session-file.js';
import type { Bottle } from './bottle.js';
import { prepareResume } from './prepare-resume.js';
import { prepareStart } from './prepare-start.js';
import { type KeeperReply, type KeeperRequest, toFailure } from './request.js';
import { runSession } from './run-session.js';
import { StopSwitch } from './stop-switch.js';

/** EX_SOFTWARE of sysexits.h(3head). */
const EXIT_SOFTWARE = 70;

/**
 * The keeper: one process per running bottle. It takes one request over its IPC channel, answers once when the agent
 * runs or cannot, and then lives on its own until the session has ended. `argv` is for `ps` alone.
 */
export async function runKeeper(_argv: string[]): Promise<void> {
  const stop = new StopSwitch();
  process.on('SIGTERM', () => stop.request());
  process.on('SIGINT', () => stop.request());
  // A closed terminal is its client's affair.
  process.on('SIGHUP', () => {});
  const received = receiveRequest();
  // Much to load, while the command still looks for a backend.
  void import('@bot-bottle/egress');
  const request = await received;
  if (request === null) {
    return;
  }
  let bottle: Bottle | null = null;
  process.once('uncaughtException', error => void die(error, bottle));
  try {
    bottle = await prepare(request, stop, {
      progress: line => void reply({ kind: 'progress', line }),
      signal: aborted(stop),
    });
    const session = await runSession(bottle, request, { stop, starterGone: disconnected() });
    await reply({ kind: 'ready', identity: bottle.paths.identity, report: bottle.report });
    await session.ended;
  } catch (error) {
    process.exitCode = 1;
    await reply({ kind: 'failed', failure: toFailure(error) });
  } finally {
    if (process.connected) {
      process.disconnect();
    }
  }
}

/**
 * A fault of ours: said to whoever waits and noted for whoever looks. What it leaves is what a kill leaves, and the next
 * command puts that right; the sandbox goes with this process.
 */
async function die(error: Error, bottle: Bottle | null): Promise<never> {
  try {
    if (bottle !== null) {
      const problems = [...bottle.session.problems, `the keeper failed: ${error.stack ?? error.message}`];
      await writeSession(bottle.paths, { ...bottle.session, phase: 'running', problems });
    }
  } finally {
    // Said also where it could not be noted, as on a full disk.
    await reply({ kind: 'failed', failure: toFailure(error) });
    process.exit(EXIT_SOFTWARE);
  }
}

function prepare(request: KeeperRequest, stop: StopSwitch, host: BuildHost): Promise<Bottle> {
  const checkCancelled = (): void => {
    if (stop.requested) {
      throw new SessionError('cancelled', 'the start was interrupted');
    }
  };
  return request.kind === 'start'
    ? prepareStart(request.root, request.now, request.start, { host, checkCancelled })
    : prepareResume({ ...request, env: process.env, host });
}

/** Whoever stops a bottle that is not there yet stops the build of its image too. */
function aborted(stop: StopSwitch): AbortSignal {
  const controller = new AbortController();
  stop.onRequest(() => controller.abort());
  return controller.signal;
}

/** Null where whoever spawned this died before it said what for: nothing has been done. */
function receiveRequest(): Promise<KeeperRequest | null> {
  return new Promise(resolve => {
    process.once('message', message => resolve(message as KeeperRequest));
    process.once('disconnect', () => resolve(null));
  });
}

/** A command that is gone is no reason to end its bottle. */
async function reply(message: KeeperReply): Promise<void> {
  if (!process.connected) {
    return;
  }
  await new Promise<void>(resolve => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

function disconnected(): Promise<void> {
  return new Promise(resolve => {
    process.once('disconnect', resolve);
    if (!process.connected) {
      resolve();
    }
  });
}
