import { lstatSync } from 'node:fs';
import { measureTree } from '@bot-bottle/durable-fs';
import { effectiveBackend, effectiveComposeProject } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { BackendAsker, type SeenBottle } from '../backends/asker.js';
import type { Context } from '../context.js';
import { paint } from '../output/colours.js';
import { printable } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { formatAge, formatBytes } from '../output/format.js';
import { write, writeJson } from '../output/write.js';
import { describePolicy, type PolicyDescription, summarise } from '../policy/describe.js';
import { type LaunchRecord, readLaunch } from '../session/launch-file.js';
import { describeBottle } from '../session/state.js';
import { codeOf, messageOf } from '../thrown.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const asker = new BackendAsker(context);
  const details = await detailsOf(paths, await asker.look(paths, describeBottle(paths)));
  if (input.flag('json')) await writeJson(context.stdout, details);
  else await write(context.stdout, formatDetails(context, details));
  await asker.tellFailures();
  return EXIT.ok;
};

type Details = Awaited<ReturnType<typeof detailsOf>>;

/** What `show --json` prints: a stable shape, to which later versions only add. Null: not known. */
async function detailsOf(paths: BottlePaths, seen: SeenBottle) {
  const { state, preserved, record, session, atBackend, ...described } = seen;
  const { launch, unreadable } = launchOf(paths);
  const problem = described.problem ?? unreadable;
  return {
    identity: paths.identity,
    state,
    preserved,
    problem,
    agent: record?.agentName ?? null,
    backend: record === null ? null : effectiveBackend(record),
    cwd: record?.cwd ?? null,
    copyCwd: record?.copyCwd ?? null,
    startedAt: record?.startedAt ?? null,
    atBackend,
    composeProject: record === null ? null : effectiveComposeProject(record),
    labels: record?.labels ?? {},
    args: record?.args ?? [],
    session,
    command: launch?.agent.command ?? null,
    image: imageOf(paths, launch),
    passEnv: launch?.agent.passEnv ?? null,
    limits: launch?.limits ?? null,
    policy: policyOf(describePolicy(paths)),
    path: paths.folder,
    sizeBytes: (await measureTree(paths.folder)).bytes,
  };
}

/** What its next session runs; null where that is not known. `bot-bottle image` tells all. */
function imageOf(paths: BottlePaths, launch: LaunchRecord | null) {
  if (launch === null) return null;
  const { image = null, dockerfile } = launch.agent;
  const override = lstatSync(paths.dockerfile, { throwIfNoEntry: false })?.isFile() ?? false;
  return { override, name: image, dockerfile: override ? paths.dockerfile : (dockerfile?.path ?? null) };
}

/** What it may reach, in short; `bot-bottle policy` tells all. */
function policyOf(policy: PolicyDescription) {
  const { config, inForce, refused } = policy;
  return {
    summary: summarise(policy),
    generation: config?.generation ?? null,
    entries: config === null ? null : (config.allowlist ?? []).length,
    routes: config === null ? null : (config.routes ?? []).length,
    inForce,
    problem: policy.problem ?? refused,
  };
}

/** One that cannot be read, perhaps a newer version's, hides nothing of the rest. */
function launchOf(paths: BottlePaths): { launch: LaunchRecord | null; unreadable: string | null } {
  try {
    return { launch: readLaunch(paths), unreadable: null };
  } catch (error) {
    if (codeOf(error) !== 'broken-bottle') throw error;
    return { launch: null, unreadable: messageOf(error) };
  }
}

function formatDetails(context: Context, details: Details): string {
  const { session, startedAt } = details;
  const exit = session?.exit ? `exit ${session.exit.code}` : null;
  const rows: readonly (readonly [string, string | null])[] = [
    ['identity', details.identity],
    [
      'state',
      details.preserved && details.state !== 'preserved' ? `${details.state}, preserved` : details.state,
    ],
    ['problem', details.problem],
    ['agent', details.agent],
    ['arguments', details.args.length > 0 ? details.args.join(' ') : null],
    ['backend', details.backend],
    ['at backend', details.atBackend],
    ['image', details.image?.dockerfile ?? details.image?.name ?? null],
    ['workspace', workspaceOf(details)],
    ['started', startedAt ? `${startedAt} (${formatAge(startedAt, context.now())} ago)` : null],
    [
      'session',
      session === null ? null : [session.phase, session.endedAt, exit].filter(part => part).join(', '),
    ],
    ...Object.entries(details.labels).map(([key, value]) => ['label', `${key}=${value}`] as const),
    ['variables', details.passEnv && details.passEnv.length > 0 ? details.passEnv.join(' ') : null],
    ['may reach', reachOf(details.policy)],
    ['state folder', details.path],
    ['size', formatBytes(details.sizeBytes)],
  ];
  return rows
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${paint(context.stdout, 'dim', name.padEnd(14))}${printable(value ?? '')}\n`)
    .join('');
}

function reachOf({ entries, routes, summary, problem }: Details['policy']): string {
  const what =
    entries === null || routes === null
      ? ''
      : `${count(entries, 'host')}, ${count(routes, 'route')} (${summary})`;
  return problem === null ? what : `${what || summary}: ${problem.split('\n', 1)[0]}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function workspaceOf({ cwd, copyCwd }: Details): string | null {
  if (cwd === null) return null;
  if (cwd === '') return 'empty folder of its own';
  return copyCwd ? `copy of ${cwd}` : cwd;
}
