import type { Backend, BuildHost } from '@bot-bottle/backend';
import { ensureFolder } from '@bot-bottle/durable-fs';
import { parseAllowlist, writeLiveConfig } from '@bot-bottle/live-config';
import { newRecord, writeRecord } from '@bot-bottle/metadata';
import { type Lease, removeBottle, reserveBottle } from '@bot-bottle/preserve';
import { type Grants, grantsOf } from '../agents/grants.js';
import { loadBackend } from '../backends/load.js';
import { bottleRef } from '../session/bottle-ref.js';
import { describeLeft } from '../session/end.js';
import { type LaunchRecord, writeLaunch } from '../session/launch-file.js';
import { type SessionRecord, writeSession } from '../session/session-file.js';
import type { StartRequest } from '../session/start-request.js';
import { checkWorkspace, makeWorkspace } from '../session/workspace.js';
import { messageOf } from '../thrown.js';
import { abandoned } from './abandoned.js';
import type { Bottle, CheckCancelled } from './bottle.js';
import { visibleAgent, withImage } from './visible-agent.js';

/**
 * Makes a new bottle's state. The lease comes with the reservation, in the process that holds it to the end, so no sweep
 * can take the folder for dead; `launch.json` comes last, so whatever has it is complete. Killed in between, it leaves a
 * dead bottle that nobody kept, which a sweep removes; failing, it removes its own.
 */
export async function prepareStart(
  root: string,
  now: string,
  start: StartRequest,
  { host, checkCancelled }: { readonly host: BuildHost; readonly checkCancelled: CheckCancelled },
): Promise<Bottle> {
  const backend = await loadBackend(start.backend);
  checkCancelled();
  // Before anything is made: the copy of a large folder would be in vain.
  const visible = visibleAgent(backend, start.agent, { root, workspace: start.workspace, agentHome: null });
  const grants = grantsOf(start.agent, process.env);
  const { agent } = await withImage({ backend, agent: visible, paths: null, host });
  checkCancelled();
  const lease = await reserveBottle(root, start.agent.name, { backend: backend.name });
  const abandon = (): Promise<readonly string[]> => removeAll(lease, backend);
  try {
    const bottle = await fill(lease, backend, now, { ...start, grants }, checkCancelled);
    return { ...bottle, launch: { ...bottle.launch, agent }, abandon };
  } catch (error) {
    throw await abandoned(error, abandon);
  }
}

async function fill(
  lease: Lease,
  backend: Backend,
  now: string,
  start: StartRequest & { readonly grants: Grants },
  checkCancelled: CheckCancelled,
): Promise<Omit<Bottle, 'abandon'>> {
  const { paths } = lease;
  const { agent, args, labels, grants, limits = {} } = start;
  const workspace = checkWorkspace(paths.root, start.workspace);
  const starting: SessionRecord = {
    phase: 'starting',
    pid: process.pid,
    startedAt: now,
    endedAt: null,
    exit: null,
    problems: [],
  };
  await writeSession(paths, starting);
  const record = newRecord(
    {
      identity: paths.identity,
      agentName: agent.name,
      cwd: workspace.kind === 'empty' ? '' : workspace.source,
      copyCwd: workspace.kind === 'copy',
      backend: backend.name,
      labels: { ...labels },
      args: [...args],
    },
    { now: () => new Date(now) },
  );
  await writeRecord(paths, record);
  // Nobody is allowed but whom the agent's definition or the start names.
  await writeLiveConfig(paths, {
    allowlist: [...grants.allow, ...parseAllowlist((start.allow ?? []).join('\n'))],
    routes: [...(start.routes ?? []), ...grants.routes],
  });
  checkCancelled();
  const skipped = await makeWorkspace(paths, workspace, checkCancelled);
  ensureFolder(paths.sidecar('agent'), { mode: 0o700 });
  ensureFolder(paths.home, { mode: 0o700 });
  const passedEnv = [
    ...agent.passEnv.filter(name => process.env[name] !== undefined),
    ...grants.keys.map(key => key.env),
  ];
  const launch: LaunchRecord = {
    version: 1,
    agent,
    args,
    passedEnv,
    backend: start.backend,
    workspace,
    limits,
  };
  await writeLaunch(paths, launch);
  const problems = skipped.map(({ path, reason }) => `not copied: ${path} (${reason})`);
  return {
    paths,
    lease,
    backend,
    ref: bottleRef(paths, record),
    launch,
    labels,
    session: { ...starting, problems },
    report: null,
    running: false,
  };
}

async function removeAll(lease: Lease, backend: Backend): Promise<readonly string[]> {
  const left: string[] = [];
  try {
    left.push(...describeLeft((await backend.destroy(bottleRef(lease.paths, null))).left));
    left.push(...describeLeft((await removeBottle(lease.paths, { lease, force: true })).left));
  } catch (error) {
    left.push(`${lease.paths.folder} (${messageOf(error)})`);
  }
  return left;
}
