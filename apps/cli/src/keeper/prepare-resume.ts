import type { Backend, BottleRef, BuildHost, Limits } from '@bot-bottle/backend';
import { ensureFolder, removeFile } from '@bot-bottle/durable-fs';
import type { Identity } from '@bot-bottle/identity';
import { writeLiveConfig } from '@bot-bottle/live-config';
import { readRecord } from '@bot-bottle/metadata';
import { acquireLease, type Lease, PreserveError, restoreTranscript } from '@bot-bottle/preserve';
import { bottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { loadBackend } from '../backends/load.js';
import { clearFormerBackend } from '../migrate/former-backend.js';
import type { BackendRef } from '../session/backend-ref.js';
import { bottleRef } from '../session/bottle-ref.js';
import { SessionError } from '../session/errors.js';
import { isThere } from '../session/is-there.js';
import { type LaunchRecord, readLaunch, type Workspace, writeLaunch } from '../session/launch-file.js';
import { isOlder } from '../session/older.js';
import type { ResumeReport } from '../session/resume-report.js';
import { readSession, type SessionRecord, writeSession } from '../session/session-file.js';
import { checkWorkspace } from '../session/workspace.js';
import { messageOf } from '../thrown.js';
import { abandoned } from './abandoned.js';
import type { Bottle } from './bottle.js';
import { type Completed, completeOlder, type OlderLaunch } from './older-bottle.js';
import { visibleAgent, withImage } from './visible-agent.js';

export interface ResumeInput {
  readonly root: string;
  readonly now: string;
  readonly identity: Identity;
  readonly backend: BackendRef;
  readonly allowMissingWorkspace: boolean;
  /** To be recorded in place of those that are; null: none. */
  readonly limits: Limits | null;
  /** What the record of an older tool's bottle leaves open; null: it is not one. */
  readonly older: OlderLaunch | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears and stops the build of its image. */
  readonly host: BuildHost;
}

interface Imaged {
  readonly agent: AgentDefinition;
  readonly of: ResumeReport['image'];
}

/**
 * Makes an existing bottle ready to be launched again. The marker stays until its agent runs: killed or failing before
 * that, a preserved bottle is still preserved.
 */
export async function prepareResume(input: ResumeInput): Promise<Bottle> {
  const paths = bottlePaths(input.root, input.identity);
  const backend = await loadBackend(input.backend);
  const lease = await takeLease(input);
  let before: SessionRecord | null | undefined;
  let ref = bottleRef(paths, null);
  let running = false;
  try {
    const record = readRecord(paths);
    ref = bottleRef(paths, record);
    const completed =
      record !== null && input.older !== null && isOlder(paths)
        ? await completeOlder(paths, record, input.backend, input.older, input)
        : null;
    const known = completed?.launch ?? readLaunch(paths);
    if (known === null || record === null) {
      throw new SessionError(
        'unfinished',
        `the start of ${paths.identity} never finished: there is nothing to resume`,
      );
    }
    const launch = await clearFormerBackend(paths, record, known, input.backend);
    const limits = input.limits ?? launch.limits;
    const session = readSession(paths);
    const workspace = workspaceNow(input, launch.workspace);
    const visible = visibleAgent(backend, launch.agent, {
      root: input.root,
      workspace,
      agentHome: paths.home,
    });
    // What a killed keeper left running works on; what cannot be taken over is in the way.
    running = backend.capabilities.attach && (await backend.status(ref)).state === 'running';
    if (running && input.limits !== null) throw runsWithItsLimits(paths.identity);
    const starting: SessionRecord = {
      phase: 'starting',
      pid: process.pid,
      startedAt: input.now,
      endedAt: null,
      exit: null,
      problems: (completed?.left ?? []).map(({ path, reason }) => `not copied: ${path} (${reason})`),
    };
    before = session;
    await writeSession(paths, starting);
    // Before anything is taken apart: a build that fails leaves the bottle as it was.
    const { agent, of }: Imaged = running
      ? { agent: visible, of: 'as it ran' }
      : await withImage({ backend, agent: visible, paths, host: input.host });
    if (!running) await backend.destroy(ref);
    const report = running
      ? stillThere(launch, workspace, record.labels)
      : toldAs(completed, await bringBack(input, launch, workspace, { labels: record.labels, image: of }));
    if (limits !== launch.limits) await writeLaunch(paths, { ...launch, limits });
    return {
      paths,
      lease,
      backend,
      ref,
      launch: { ...launch, agent, workspace, limits },
      labels: record.labels,
      session: starting,
      report,
      running,
      abandon: () =>
        putBack(lease, running ? null : backend, ref, session, limits === launch.limits ? undefined : launch),
    };
  } catch (error) {
    // Nothing of it is at its backend yet.
    throw await abandoned(error, () => putBack(lease, null, ref, before));
  }
}

function runsWithItsLimits(identity: Identity): SessionError {
  return new SessionError(
    'already-running',
    `${identity} runs on without its keeper, with the limits that it was started with; expected it to be stopped first`,
    { remedy: `bot-bottle stop ${identity}` },
  );
}

async function takeLease({ root, identity, backend }: ResumeInput): Promise<Lease> {
  try {
    return await acquireLease(bottlePaths(root, identity), { backend: backend.name });
  } catch (error) {
    if (error instanceof PreserveError && error.code === 'lease-held') {
      throw new SessionError('already-running', error.message, { cause: error });
    }
    if (error instanceof PreserveError && error.code === 'no-such-bottle') {
      throw new SessionError('no-such-bottle', error.message, { cause: error });
    }
    throw error;
  }
}

function workspaceNow(
  { root, identity, allowMissingWorkspace }: ResumeInput,
  workspace: Workspace,
): Workspace {
  // The original of a copy is not needed any more.
  if (workspace.kind !== 'mount') {
    return workspace;
  }
  try {
    return checkWorkspace(root, workspace);
  } catch (error) {
    const missing = error instanceof SessionError && error.code === 'workspace-missing';
    if (missing && allowMissingWorkspace) {
      return { kind: 'empty' };
    }
    if (missing) {
      const remedy = `bot-bottle resume ${identity} --without-workspace`;
      throw new SessionError('workspace-missing', error.message, { cause: error, remedy });
    }
    throw error;
  }
}

/** Of an agent that ran on: nothing was gone. */
function stillThere(
  launch: LaunchRecord,
  workspace: Workspace,
  labels: Readonly<Record<string, string>>,
): ResumeReport {
  return {
    agent: 'running',
    image: 'as it ran',
    workspace: workspace.kind === 'mount' ? 'mounted' : 'in place',
    home: 'in place',
    transcript: { restored: [], inPlace: launch.agent.transcript, missing: [], left: [] },
    liveConfig: 'in place',
    labels,
    args: launch.args,
    absentEnv: [],
  };
}

async function bringBack(
  { identity, root, env }: ResumeInput,
  launch: LaunchRecord,
  workspace: Workspace,
  { labels, image }: Pick<ResumeReport, 'labels' | 'image'>,
): Promise<ResumeReport> {
  const paths = bottlePaths(root, identity);
  const had = {
    workspace: isThere(paths.workspace),
    home: isThere(paths.home),
    liveConfig: isThere(paths.liveConfig),
  };
  ensureFolder(paths.sidecar('agent'), { mode: 0o700 });
  ensureFolder(paths.home, { mode: 0o700 });
  if (workspace.kind !== 'mount') {
    ensureFolder(paths.workspace, { mode: 0o755 });
  }
  if (!had.liveConfig) {
    await writeLiveConfig(paths, { allowlist: [], routes: [] });
  }
  const { restored, inPlace, missing, left } = await restoreTranscript(paths, launch.agent.transcript);
  return {
    agent: 'started',
    image,
    workspace: workspaceReport(launch.workspace, workspace, had.workspace),
    home: had.home ? 'in place' : 'missing',
    transcript: { restored, inPlace, missing, left },
    liveConfig: had.liveConfig ? 'in place' : 'reset',
    labels,
    args: launch.args,
    absentEnv: absentEnv(launch, env),
  };
}

/** An empty key is none; any other variable may well be empty. */
function absentEnv({ agent, passedEnv }: LaunchRecord, env: ResumeInput['env']): readonly string[] {
  const keys = new Set((agent.credentials ?? []).map(credential => credential.env));
  return (passedEnv ?? agent.passEnv).filter(name => (keys.has(name) ? !env[name] : env[name] === undefined));
}

/** What was made now did not come back. */
function toldAs(completed: Completed | null, report: ResumeReport): ResumeReport {
  if (completed === null) return report;
  const { workspace, liveConfig } = completed.made;
  return {
    ...report,
    ...(workspace ? { workspace: 'copied' } : {}),
    ...(liveConfig ? { liveConfig: 'as started' } : {}),
  };
}

function workspaceReport(before: Workspace, now: Workspace, there: boolean): ResumeReport['workspace'] {
  if (now.kind === 'mount') {
    return 'mounted';
  }
  return before.kind === 'mount' || !there ? 'missing' : 'in place';
}

/**
 * The state first: whatever the backend does, the bottle is as it was, and what is left there goes with the next command.
 * @param before null: there was no session file; undefined: the present one has not been touched
 */
async function putBack(
  lease: Lease,
  backend: Backend | null,
  ref: BottleRef,
  before: SessionRecord | null | undefined,
  launch?: LaunchRecord,
): Promise<readonly string[]> {
  const { session, launch: launchFile, identity } = lease.paths;
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown> | undefined): Promise<void> => {
    try {
      await work();
    } catch (error) {
      left.push(`${what} (${messageOf(error)})`);
    }
  };
  if (before !== undefined) {
    await attempt(session, () => (before === null ? removeFile(session) : writeSession(lease.paths, before)));
  }
  if (launch !== undefined) await attempt(launchFile, () => writeLaunch(lease.paths, launch));
  await attempt(`what ${identity} has at its backend`, () => backend?.destroy(ref));
  await attempt(lease.paths.lease, () => lease.release());
  return left;
}
