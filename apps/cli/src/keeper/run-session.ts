import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus, LaunchHost, RunningBottle } from '@bot-bottle/backend';
import { clearPreserved, markPreserved } from '@bot-bottle/preserve';
import { bottleSpec } from '../session/bottle-spec.js';
import { endSession } from '../session/end.js';
import { SessionError } from '../session/errors.js';
import { routedKeys } from '../session/routed-keys.js';
import { type SessionRecord, writeSession } from '../session/session-file.js';
import { messageOf } from '../thrown.js';
import { abandoned } from './abandoned.js';
import type { Bottle } from './bottle.js';
import { listenAt } from './control-socket.js';
import { Hub } from './hub.js';
import { hostOf, PtyHost } from './pty-host.js';
import type { KeeperRequest } from './request.js';
import type { StopSwitch } from './stop-switch.js';
import { TerminalLog } from './terminal-log.js';
import { openWayOut, type WayOut } from './way-out.js';

/** Milliseconds between an adapter's stop and the kill of the terminal's process, where that did not end with it. */
const LAST_WORDS_MS = 1_000;
/** 128 + SIGKILL. */
const KILLED: ExitStatus = { code: 137 };

/** What reaches a session from outside of its socket. */
export interface Outside {
  readonly stop: StopSwitch;
  /** Settles when the command that started the session has ended. */
  readonly starterGone: Promise<void>;
}

export interface Session {
  /** Settles when the end sequence is done and every client knows. */
  readonly ended: Promise<void>;
}

/** What a session holds open beside its agent. */
interface Desk {
  readonly hub: Hub;
  readonly log: TerminalLog;
  readonly server: Server;
  readonly problems: string[];
}

/** Launches a bottle that is ready, and returns when its agent runs. A launch that fails is undone. */
export async function runSession(
  bottle: Bottle,
  { size, preserve }: Pick<KeeperRequest, 'size' | 'preserve'>,
  outside: Outside,
): Promise<Session> {
  const { stop } = outside;
  const { paths, backend } = bottle;
  let desk: Desk | null = null;
  let wayOut: WayOut | null = null;
  try {
    wayOut = await openWayOut(backend, paths);
    const pty = await PtyHost.load(size);
    desk = await openDesk(bottle, pty, outside);
    const running = await takeUp(bottle, hostOf(pty, wayOut), wayOut, stop);
    desk.hub.connect(running.terminal);
    const session: SessionRecord = { ...bottle.session, phase: 'running' };
    await writeSession(paths, session);
    // Only now: until the agent runs, a preserved bottle stays a preserved one.
    await (preserve ? markPreserved(paths) : clearPreserved(paths));
    return { ended: finish(bottle, running, session, { ...desk, wayOut }, outside) };
  } catch (error) {
    if (desk !== null) {
      closeDesk(desk);
      desk.hub.close();
    }
    await wayOut?.close();
    throw await abandoned(error, bottle.abandon);
  }
}

/** Launches the agent, or takes over one that runs. */
async function takeUp(
  bottle: Bottle,
  host: LaunchHost,
  wayOut: WayOut | null,
  stop: StopSwitch,
): Promise<RunningBottle> {
  const { ref, paths, launch, labels, report, backend } = bottle;
  if (bottle.running) return backend.attach(ref, host);
  const spec = bottleSpec({
    ref,
    paths,
    launch,
    labels,
    routed: routedKeys(paths),
    env: process.env,
    report,
    wayOut: wayOut?.spec ?? null,
  });
  const prepared = await backend.prepare(spec);
  if (stop.requested) {
    throw new SessionError('cancelled', 'the start was interrupted');
  }
  return backend.launch(prepared, host);
}

async function openDesk({ paths }: Bottle, host: PtyHost, { stop, starterGone }: Outside): Promise<Desk> {
  const log = new TerminalLog(paths.terminalLog);
  const problems: string[] = [];
  const record = (chunk: Uint8Array): void => {
    try {
      log.append(chunk);
    } catch (error) {
      // A full disk must not end the agent's work. Said once.
      if (problems.length === 0) {
        problems.push(`the terminal's log is not complete: ${messageOf(error)}`);
      }
    }
  };
  const hub = new Hub(host, {
    identity: paths.identity,
    record,
    stop: graceMs => stop.request(graceMs),
    starterGone,
  });
  const server = await listenAt(paths.controlSocket, socket => hub.accept(socket));
  return { hub, log, server, problems };
}

async function finish(
  bottle: Bottle,
  running: RunningBottle,
  session: SessionRecord,
  desk: Desk & { readonly wayOut: WayOut | null },
  { stop, starterGone }: Outside,
): Promise<void> {
  let giveUp = (_exit: ExitStatus): void => {};
  const givenUp = new Promise<ExitStatus>(resolve => {
    giveUp = resolve;
  });
  const stopped = new Promise<void>(resolve => {
    stop.onRequest(graceMs => {
      resolve();
      void stopAgent(bottle, running, graceMs).catch((error: unknown) => {
        desk.problems.push(`it did not stop: ${messageOf(error)}`);
        giveUp(KILLED);
      });
    });
  });
  // Of what cannot be stopped nobody learns how it ends.
  const exit = await Promise.race([running.exited, givenUp]);
  // What it reached is on record before anything of it goes.
  desk.problems.push(...((await desk.wayOut?.close()) ?? []));
  // An agent can be over before the command that started it has attached: its output and its exit code wait.
  await Promise.race([desk.hub.visited, starterGone, stopped]);
  // Whoever is connected hears the end; the address goes before the folder does.
  closeDesk(desk);
  const problems = [...session.problems, ...desk.problems];
  const { kept, notes } = await endSession({
    ...bottle,
    session: { ...session, problems },
    exit,
    now: () => new Date(),
  }).catch((error: unknown) => {
    // What a kill leaves: a dead lease, which the next command puts right. Its clients must not wait for ever.
    return { kept: true, notes: [`the session did not end in order: ${messageOf(error)}`] };
  });
  await desk.hub.end(exit, kept, [...desk.problems, ...notes]);
}

/** The terminal's process is the keeper's own: it ends also where the adapter fails, or finds no state any more. */
async function stopAgent(
  { backend, ref }: Bottle,
  { terminal, exited }: RunningBottle,
  graceMs: number,
): Promise<void> {
  try {
    await backend.stop(ref, { graceMs });
  } finally {
    // What the agent said last, and its exit code, may be on their way still.
    const lastWords = () => Promise.race([exited, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    await lastWords();
    terminal.kill('SIGKILL');
    await lastWords();
  }
}

/** Closes the address and the log; connections stay. */
function closeDesk({ server, log }: Desk): void {
  server.close();
  log.close();
}
