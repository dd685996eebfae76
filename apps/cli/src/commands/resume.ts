import { effectiveBackend, readRecord } from '@bot-bottle/metadata';
import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import type { Context } from '../context.js';
import { writeLine } from '../output/write.js';
import { readLaunch } from '../session/launch-file.js';
import { isOlder } from '../session/older.js';
import { resumeBottle } from '../session/resume.js';
import type { ResumeReport } from '../session/resume-report.js';
import { routedKeys } from '../session/routed-keys.js';
import { findAgent } from './find-agent.js';
import { hintAtNetwork } from './network-hint.js';
import { resolveBottle } from './resolve-identity.js';
import { converse, detachKeysOf } from './session-end.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const settings = loadOwnSettings(context);
  const detachKeys = detachKeysOf(input, settings);
  const registry = createRegistry(context, settings);
  const record = readRecord(paths);
  // Says which package provides it, where that is all that is missing.
  const backend = record === null ? undefined : registry.require(effectiveBackend(record));
  const older =
    record !== null && isOlder(paths)
      ? { agent: findAgent(settings, record.agentName).definition, limits: settings.limits }
      : undefined;
  // Before it runs, for a short session takes its folder along.
  const agent = older?.agent ?? readLaunch(paths)?.agent;
  const routed = routedKeys(paths);
  const resumed = await resumeBottle(context, paths.identity, {
    backends: registry.find,
    allowMissingWorkspace: input.flag('without-workspace'),
    preserve: input.flag('preserve'),
    ...(older === undefined ? {} : { older }),
  });
  await tell(context, resumed.report);
  if (agent !== undefined && backend !== undefined) await hintAtNetwork(context, agent, backend, routed);
  return converse(context, input, resumed, { detachKeys });
};

const WORKSPACE: Readonly<Record<ResumeReport['workspace'], string>> = {
  mounted: 'back: the mounted workspace',
  'in place': 'back: the workspace, with its changes',
  copied: 'NOT back: the changes of its workspace; its folder is copied anew',
  missing: 'NOT back: the workspace; its folder is gone',
};

/** Before the terminal is attached: what came back and what did not. */
async function tell(context: Context, report: ResumeReport): Promise<void> {
  const { transcript } = report;
  const lines = [
    ...(report.agent === 'running' ? ['back: the agent itself, which ran on without its keeper'] : []),
    WORKSPACE[report.workspace],
    report.home === 'in place' ? "back: the agent's home" : "NOT back: the agent's home; it starts anew",
    ...transcript.inPlace.map(path => `back: transcript ${path}`),
    ...transcript.restored.map(path => `back: transcript ${path}, from its snapshot`),
    ...transcript.missing.map(path => `NOT back: transcript ${path}; there is none`),
    ...transcript.left.map(({ path, reason }) => `NOT back: ${path}: ${reason}`),
    ...(report.liveConfig === 'as started'
      ? ['NOT back: a live config; it may reach what a new bottle may']
      : []),
    ...(report.liveConfig === 'reset' ? ['NOT back: the live config; nothing is allowed now'] : []),
    ...report.absentEnv.map(name => `NOT back: the variable ${name}; it is not set here`),
  ];
  for (const line of lines) await writeLine(context.stderr, `bot-bottle: ${line}`);
}
