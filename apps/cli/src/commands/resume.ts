import { effectiveBackend, readRecord } from '@bot-bottle/metadata';
import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { readLaunch } from '../session/launch-file.js';
import { isOlder } from '../session/older.js';
import { resumeBottle } from '../session/resume.js';
import { routedKeys } from '../session/routed-keys.js';
import { buildProgress } from './build-progress.js';
import { findAgent } from './find-agent.js';
import { hintAtNetwork } from './network-hint.js';
import { resolveBottle } from './resolve-identity.js';
import { tellResumed } from './resumed.js';
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
    ...(input.flag('new-limits') ? { limits: settings.limits } : {}),
    preserve: input.flag('preserve'),
    ...(older === undefined ? {} : { older }),
    onProgress: buildProgress(context, input),
  });
  await tellResumed(context, resumed.report);
  if (agent !== undefined && backend !== undefined) await hintAtNetwork(context, agent, backend, routed);
  return converse(context, input, resumed, { detachKeys });
};
