import type { Identity } from '@bot-bottle/identity';
import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { adoptOrphan } from '../session/adopt.js';
import { BackendSurveys } from '../session/at-backend.js';
import { findOrphans, type Orphan } from '../session/orphans.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const settings = loadOwnSettings(context);
  const registry = createRegistry(context, settings);
  const surveys = new BackendSurveys(registry.find);
  const orphans = await findOrphans(context.root, registry, surveys);
  const orphan = await onlyMatch(input.args[0] ?? '', orphans, surveys);
  const { identity, folder } = orphan.paths;
  const { workspace } = await adoptOrphan(orphan, {
    agentOf: name => settings.agents.get(name)?.definition,
    limits: settings.limits,
  });
  if (input.flag('json')) await writeJson(context.stdout, { identity, path: folder });
  else await tell(context, identity, workspace.source);
  return EXIT.ok;
};

async function tell(context: Context, identity: Identity, workspace: string): Promise<void> {
  await writeLine(context.stdout, identity);
  for (const line of [
    `back: its record, on the workspace ${workspace}; it is preserved`,
    'NOT back: what it might reach; nothing is allowed now',
    `go on with: bot-bottle resume ${identity}`,
  ])
    await writeLine(context.stderr, `bot-bottle: ${line}`);
}

/** @throws CliError `no-such-bottle`, `ambiguous-identity`; what a backend that did not answer threw */
async function onlyMatch(text: string, orphans: readonly Orphan[], surveys: BackendSurveys): Promise<Orphan> {
  const matches = text === '' ? [] : orphans.filter(({ paths }) => paths.identity.startsWith(text));
  const match = matches.find(({ paths }) => paths.identity === text) ?? matches[0];
  if (match === undefined) {
    const [failure] = await surveys.failures();
    if (failure !== undefined) throw failure.error;
    throw new CliError('no-such-bottle', `nothing is left of a bottle "${text}" whose record is gone`, {
      details: orphans.map(orphan => `there is ${orphan.paths.identity}`),
      try: 'bot-bottle doctor',
    });
  }
  if (matches.length > 1 && match.paths.identity !== text) {
    throw new CliError('ambiguous-identity', `"${text}" is the start of ${matches.length}; expected one of`, {
      details: matches.map(({ paths }) => paths.identity),
    });
  }
  return match;
}
