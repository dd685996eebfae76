import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { chooseBackend } from '../backends/choose.js';
import { createRegistry } from '../backends/registry.js';
import { loadSettings } from '../config/settings.js';
import type { Context } from '../context.js';
import { usageError } from '../output/errors.js';
import { writeLine } from '../output/write.js';
import { parseAllowlistLine } from '../policy/allowlist-line.js';
import { readRoutesFile } from '../policy/policy-file.js';
import type { Workspace } from '../session/launch-file.js';
import { startBottle } from '../session/start.js';
import { buildProgress } from './build-progress.js';
import { findAgent } from './find-agent.js';
import { parseLabels } from './labels.js';
import { hintAtNetwork } from './network-hint.js';
import { converse, detachKeysOf } from './session-end.js';
import type { Input, Run } from './spec.js';

export const run: Run = async (context, input) => {
  const [name = '', ...args] = input.args;
  const workspace = workspaceOf(context, input);
  const labels = parseLabels(input.texts('label'));
  const allow = input.texts('allow').map(text => parseAllowlistLine(text).line);
  const routesFile = input.text('routes');
  const routes = routesFile === undefined ? [] : readRoutesFile(context, routesFile).routes;
  const settings = loadSettings(context);
  const detachKeys = detachKeysOf(input, settings);
  const { definition: agent, fromProject, source } = findAgent(settings, name);
  if (fromProject) await writeLine(context.stderr, `bot-bottle: agent "${name}" is as ${source} defines it`);
  const { limits } = settings;
  const preserve = input.flag('preserve');
  const request = { agent, args, workspace, labels, limits, allow, routes, preserve };
  const wishes = { flag: input.text('backend'), agent, env: context.env, settings };
  const started = await startBottle(
    context,
    request,
    () => chooseBackend(createRegistry(context, settings), wishes),
    buildProgress(context, input),
  );
  await hintAtNetwork(context, agent, started.backend);
  return converse(context, input, started, { detachKeys });
};

/** `--cwd DIR` mounts, `--copy-cwd [DIR]` copies; together they copy the folder that `--cwd` names. */
function workspaceOf(context: Context, input: Input): Workspace {
  const cwd = input.text('cwd');
  const copied = input.text('copy-cwd');
  if (cwd !== undefined && copied !== undefined) {
    throw usageError('--cwd and --copy-cwd both name a folder; expected one of them to name it');
  }
  if (input.flag('copy-cwd')) return { kind: 'copy', source: folderOf(context, cwd ?? copied ?? '.') };
  return cwd === undefined ? { kind: 'empty' } : { kind: 'mount', source: folderOf(context, cwd) };
}

/** Absolute and without links: the record must say which folder it was, whatever a link points to later. */
function folderOf(context: Context, text: string): string {
  const path = resolve(context.cwd, text);
  try {
    return realpathSync(path);
  } catch {
    // The session's check says what is wrong with it.
    return path;
  }
}
