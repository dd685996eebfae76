import type { Backend, BottleRef } from '@bot-bottle/backend';
import type { Lease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { LaunchRecord } from '../session/launch-file.js';
import type { ResumeReport } from '../session/resume-report.js';
import type { SessionRecord } from '../session/session-file.js';

/** A bottle whose state is complete and whose lease this process holds: ready to be launched. */
export interface Bottle {
  readonly paths: BottlePaths;
  readonly lease: Lease;
  readonly backend: Backend;
  /** By which the adapter finds it, for the whole of the session: the record may be changed or deleted meanwhile. */
  readonly ref: BottleRef;
  readonly launch: LaunchRecord;
  readonly labels: Readonly<Record<string, string>>;
  readonly session: SessionRecord;
  /** What came back, where the bottle was resumed. */
  readonly report: ResumeReport | null;
  /** Its agent runs already, without a keeper: it is taken over and not launched. */
  readonly running: boolean;
  /** Puts everything back as it was before, for a launch that fails; returns what it could not put back. */
  readonly abandon: () => Promise<readonly string[]>;
}

/** Throws SessionError 'cancelled' once the operator asked to stop; called between the steps of a start. */
export type CheckCancelled = () => void;
