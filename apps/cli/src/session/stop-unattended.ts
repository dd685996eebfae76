import type { Backend, BottleRef, ExitStatus } from '@bot-bottle/backend';
import { effectiveBackend } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { FindBackend } from './backend-ref.js';
import { bottleRef } from './bottle-ref.js';
import { type EndReport, endSession } from './end.js';
import { readLaunch } from './launch-file.js';
import { leaseIfFree } from './lease-if-free.js';
import { recordState } from './record-state.js';
import { readSession, type SessionRecord, writeSession } from './session-file.js';

export interface UnattendedEnd extends EndReport {
  readonly exit: ExitStatus;
}

/** 128 + SIGKILL: of an agent whose end nobody saw. */
const KILLED: ExitStatus = { code: 137 };

/**
 * Ends a bottle whose keeper was killed and whose agent runs on, as its keeper would have; or goes on with an end that was begun
 * and cut off, of which the agent may be gone already. Null: there is none such, or somebody else is at it already.
 * Throws BackendError; MetadataError or SessionError 'broken-bottle' where its record cannot be read; PreserveError 'lease-unknown'.
 */
export async function stopUnattended(
  paths: BottlePaths,
  options: { readonly backends: FindBackend; readonly graceMs: number },
): Promise<UnattendedEnd | null> {
  const state = recordState(paths);
  // Nobody can tell what runs of it.
  if (state.is === 'unreadable') throw state.error;
  if (state.is === 'absent') return null;
  const { record } = state;
  const launch = readLaunch(paths);
  const found = options.backends(effectiveBackend(record));
  if (launch === null || found === undefined) return null;
  // It was torn down: no engine is needed to say so.
  if (readSession(paths)?.phase === 'ended') return null;
  const backend = await loadBackend(found);
  const ref = bottleRef(paths, record);
  if (!backend.capabilities.attach || !(await isToEnd(paths, backend, ref))) return null;
  const lease = await leaseIfFree(paths, { backend: backend.name });
  if (lease === null) return null;
  try {
    // A resume may have come and gone before the lease was ours.
    if (!(await isToEnd(paths, backend, ref))) return null;
    const session = readSession(paths) ?? sessionNow();
    // Killed from here on, the next stop sees what it has to finish. A full disk keeps no agent running, and the end's own note tells of it.
    await writeSession(paths, { ...session, phase: 'ending' }).catch(() => {});
    await backend.stop(ref, options);
    const status = await backend.status(ref);
    const exit = (status.state === 'exited' ? status.exit : session.exit) ?? KILLED;
    const report = await endSession({
      paths,
      lease,
      backend,
      ref,
      launch,
      session,
      exit,
      now: () => new Date(),
    });
    return { ...report, exit };
  } finally {
    await lease.release();
  }
}

async function isToEnd(paths: BottlePaths, backend: Backend, ref: BottleRef): Promise<boolean> {
  return (await backend.status(ref)).state === 'running' || readSession(paths)?.phase === 'ending';
}

function sessionNow(): SessionRecord {
  const startedAt = new Date().toISOString();
  return { phase: 'running', pid: process.pid, startedAt, endedAt: null, exit: null, problems: [] };
}
