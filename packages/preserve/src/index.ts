export {
  decideEnd,
  type EndDecision,
  type EndFacts,
  type EndLease,
  type KeepReason,
  type RemoveReason,
  type SessionOutcome,
} from './end.js';
export { PreserveError, type PreserveErrorCode } from './errors.js';
export {
  acquireLease,
  type Lease,
  type LeaseOwner,
  type LeaseState,
  readLease,
  reserveBottle,
} from './lease.js';
export { clearPreserved, isPreserved, markPreserved } from './marker.js';
export { clearOverride, MAX_OVERRIDE_BYTES, overrideImage, readOverride, writeOverride } from './override.js';
export { type RemoveOptions, removeBottle } from './remove.js';
export { type Inspection, type SweepOptions, type SweepOutcome, sweep } from './sweep.js';
export {
  type RestoreReport,
  restoreTranscript,
  type SnapshotOptions,
  snapshotTranscript,
} from './transcript.js';
export { recoverTranscript } from './transcript-swap.js';
