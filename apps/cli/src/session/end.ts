import type { Backend, BottleRef, ExitStatus } from '@bot-bottle/backend';
import type { LeftEntry } from '@bot-bottle/durable-fs';
import {
  decideEnd,
  isPreserved,
  type Lease,
  overrideImage,
  PreserveError,
  readOverride,
  removeBottle,
  type SessionOutcome,
  snapshotTranscript,
} from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { messageOf } from '../thrown.js';
import { removeImage } from './image.js';
import type { LaunchRecord } from './launch-file.js';
import { type SessionRecord, writeSession } from './session-file.js';

export interface EndInput {
  readonly paths: BottlePaths;
  /** Given up at the end, or gone with the bottle. */
  readonly lease: Lease;
  readonly backend: Backend;
  readonly ref: BottleRef;
  readonly launch: LaunchRecord;
  readonly session: SessionRecord;
  readonly exit: ExitStatus;
  readonly now: () => Date;
}

export interface EndReport {
  /** The state stayed. */
  readonly kept: boolean;
  /** What the operator should know, one line each. */
  readonly notes: readonly string[];
}

const OUT_OF_MEMORY =
  'the kernel killed a process in it that wanted more memory than the bottle has; "limits: { memory: … }" in the configuration sets that of new bottles, and of this one with: resume --new-limits';

/**
 * Ends a session: tear down, snapshot, then keep or remove. Killed anywhere, it leaves a bottle whose lease is dead,
 * with its marker as it was: `resume` goes on with it, and a sweep removes it where nobody kept it.
 */
export async function endSession(input: EndInput): Promise<EndReport> {
  const { paths, lease, launch, exit, session } = input;
  const ending: SessionRecord = { ...session, phase: 'ending', exit };
  const notes: string[] = exit.outOfMemory ? [OUT_OF_MEMORY] : [];
  await note(paths, ending, notes);
  const outcome = await tearDown(input, notes);
  await snapshot(paths, launch, notes);
  const decision = decideEnd({ lease: 'own', preserved: isPreserved(paths), record: 'readable', outcome });
  if (decision.action === 'remove' && (await remove(input, notes))) {
    return { kept: false, notes };
  }
  const problems = [...session.problems, ...notes];
  const ended: SessionRecord =
    outcome === 'still-running'
      ? // Not over: the next stop, resume or removal tears it down.
        { ...ending, problems }
      : { ...ending, phase: 'ended', endedAt: input.now().toISOString(), problems };
  await note(paths, ended, notes);
  await lease.release();
  return { kept: true, notes };
}

/** A full disk, or a state folder that somebody deleted, ends no session halfway: the lease and the marker decide, not this. */
async function note(paths: BottlePaths, session: SessionRecord, notes: string[]): Promise<void> {
  try {
    await writeSession(paths, session);
  } catch (error) {
    notes.push(`the session's end was not noted: ${messageOf(error)}`);
  }
}

async function tearDown({ backend, ref }: EndInput, notes: string[]): Promise<SessionOutcome> {
  try {
    const { left } = await backend.destroy(ref);
    notes.push(...describeLeft(left));
    return 'exited';
  } catch (error) {
    notes.push(`its backend did not tear it down: ${messageOf(error)}`);
    return 'still-running';
  }
}

/** A snapshot that fails takes nothing away: the old one is intact, and HOME stays as long as the bottle does. */
async function snapshot(paths: BottlePaths, launch: LaunchRecord, notes: string[]): Promise<void> {
  try {
    const { left } = await snapshotTranscript(paths, launch.agent.transcript);
    notes.push(...left.map(({ path, reason }) => `not in the transcript's snapshot: ${path} (${reason})`));
  } catch (error) {
    notes.push(`the transcript was not saved: ${messageOf(error)}`);
  }
}

/** False: the marker came at the last moment, and it wins. */
async function remove({ backend, paths, lease, launch }: EndInput, notes: string[]): Promise<boolean> {
  try {
    // Before the folder, whose record is what finds it. The engine is asked only where there is one.
    if (launch.agent.image === overrideImage(paths.identity) || readOverride(paths) !== null) {
      notes.push(...describeLeft(await removeImage(backend, paths)));
    }
    const { left } = await removeBottle(paths, { lease });
    notes.push(...describeLeft(left));
    return true;
  } catch (error) {
    if (error instanceof PreserveError && error.code === 'preserved') {
      return false;
    }
    throw error;
  }
}

export function describeLeft(left: readonly LeftEntry[]): string[] {
  return left.map(({ path, reason }) => `not removed: ${path} (${reason})`);
}
