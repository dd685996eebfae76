import type { BackendErrorCode } from '@bot-bottle/backend';
import type { DurableFsErrorCode } from '@bot-bottle/durable-fs';
import type { EgressErrorCode } from '@bot-bottle/egress';
import type { IdentityErrorCode } from '@bot-bottle/identity';
import type { LiveConfigErrorCode } from '@bot-bottle/live-config';
import type { MetadataErrorCode } from '@bot-bottle/metadata';
import type { PreserveErrorCode } from '@bot-bottle/preserve';
import type { StatePathsErrorCode } from '@bot-bottle/state-paths';
import type { SessionErrorCode } from '../session/errors.js';
import { messageOf } from '../thrown.js';
import { edit, shellWord } from './shell-word.js';

type PackageErrorCode =
  | BackendErrorCode
  | DurableFsErrorCode
  | EgressErrorCode
  | IdentityErrorCode
  | LiveConfigErrorCode
  | MetadataErrorCode
  | PreserveErrorCode
  | SessionErrorCode
  | StatePathsErrorCode;

/** The next commands to type, given the bottle that the command line named. */
type Remedy = (id: string) => readonly string[];

const nothing: Remedy = () => [];
const policy: Remedy = id => [`bot-bottle policy ${id}`];
const show: Remedy = id => [`bot-bottle show ${id}`];
const doctor: Remedy = () => ['bot-bottle doctor'];
const list: Remedy = () => ['bot-bottle list'];
const attach: Remedy = id => [`bot-bottle attach ${id}`, `bot-bottle stop ${id}`];
const resume: Remedy = id => [`bot-bottle resume ${id}`];
const logs: Remedy = id => [`bot-bottle logs ${id}`];
const stop: Remedy = id => [`bot-bottle stop ${id}`];
const prune: Remedy = () => ['bot-bottle prune'];
const removeByForce: Remedy = id => [`bot-bottle show ${id}`, `bot-bottle rm ${id} --force`];
const startHelp: Remedy = () => ['bot-bottle start --help'];
const otherFolder: Remedy = () => ['bot-bottle start AGENT --cwd DIR'];
const makeRoom: Remedy = () => ['df -h', 'bot-bottle prune', 'bot-bottle doctor'];

/** One entry for every code that a package can throw: the compiler asks for what is missing. */
const REMEDIES: Readonly<Record<PackageErrorCode, Remedy>> = {
  // backend
  'contract-mismatch': nothing,
  unavailable: doctor,
  'bad-spec': startHelp,
  'not-prepared': resume,
  'already-running': attach,
  'not-running': resume,
  unsupported: show,
  'isolation-failed': doctor,
  'launch-failed': doctor,
  'build-failed': id => [`bot-bottle image ${id} --edit`],
  'stop-failed': stop,
  // durable-fs
  absent: list,
  'bad-path': nothing,
  changed: nothing,
  'claim-held': show,
  exists: show,
  io: makeRoom,
  'not-a-file': doctor,
  'not-a-folder': doctor,
  'not-confirmed': doctor,
  'not-text': show,
  'too-large': show,
  'unsupported-platform': nothing,
  // identity
  'invalid-identity': list,
  'bad-random': nothing,
  // live-config
  'bad-host': nothing,
  'bad-allowlist': nothing,
  'bad-routes': nothing,
  'bad-generation': show,
  'revision-moved': nothing,
  unsettled: show,
  // egress
  'audit-failed': makeRoom,
  'bad-audit': show,
  'credential-unavailable': policy,
  'origin-unreachable': nothing,
  // metadata
  'broken-record': removeByForce,
  'invalid-record': nothing,
  'identity-mismatch': show,
  'no-record': prune,
  'cannot-read': doctor,
  'cannot-write': makeRoom,
  // preserve
  'no-such-bottle': list,
  'lease-held': attach,
  'lease-unknown': show,
  preserved: id => [`bot-bottle rm ${id} --force`, `bot-bottle preserve ${id} --off`],
  'bad-marker': doctor,
  'bad-folder': nothing,
  'bad-override': id => [`bot-bottle image ${id} --edit`, `bot-bottle image ${id} --reset`],
  // state-paths
  'bad-root': doctor,
  'unsafe-name': list,
  'cannot-reserve': doctor,
  'no-free-identity': prune,
  'cannot-list': doctor,
  // sessions
  unfinished: prune,
  'not-an-orphan': list,
  'broken-bottle': removeByForce,
  'still-running': id => [...doctor(id), ...stop(id)],
  'backend-missing': id => [...doctor(id), ...removeByForce(id)],
  'backend-lacks': show,
  'workspace-missing': otherFolder,
  'workspace-refused': otherFolder,
  'start-failed': doctor,
  'not-enforced': doctor,
  'bad-variable': nothing,
  'no-images': show,
  'no-dockerfile': show,
  'editor-failed': id => [`EDITOR=vi bot-bottle image ${id} --edit`],
  'program-missing': () => ['bot-bottle agents'],
  'program-hidden': startHelp,
  cancelled: nothing,
  'protocol-mismatch': stop,
  'connection-lost': id => [...logs(id), ...resume(id)],
  'bad-detach-keys': () => ['bot-bottle start AGENT --detach-keys ctrl-p,ctrl-q'],
  'not-a-copy': show,
  'too-deep': nothing,
};

/**
 * What to type after an error of this code; undefined: a code that nobody foresaw. A remedy that the error itself
 * brings goes before ours.
 */
export function remediesOf(code: string, error: unknown, id: string): readonly string[] | undefined {
  if (error instanceof Error && 'remedy' in error && typeof error.remedy === 'string') return [error.remedy];
  const source = error instanceof Error && 'source' in error ? error.source : undefined;
  if (typeof source === 'string') {
    if (code === 'bad-allowlist' || code === 'bad-routes') return [edit(source)];
    // Without it the policy's two files are read as they are.
    if (code === 'bad-generation') return [`rm ${shellWord(source)}`];
  }
  // Whichever call it was that found no room, and in whichever process.
  if (/\b(?:ENOSPC|EDQUOT)\b/.test(messageOf(error))) return makeRoom(id);
  return isKnown(code) ? REMEDIES[code](id) : undefined;
}

function isKnown(code: string): code is PackageErrorCode {
  return Object.hasOwn(REMEDIES, code);
}
