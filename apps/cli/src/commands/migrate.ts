import { markPreserved } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { BackendAsker } from '../backends/asker.js';
import { chooseBackend } from '../backends/choose.js';
import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { migrateBottle } from '../migrate/migrate.js';
import { CliError, usageError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import type { FindBackend } from '../session/backend-ref.js';
import { describeBottle } from '../session/state.js';
import { stopBottle } from '../session/stop.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const name = input.text('backend');
  if (name === undefined) throw usageError('migrate needs --backend NAME', 'bot-bottle migrate --help');
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const { identity } = paths;
  const registry = createRegistry(context, loadOwnSettings(context));
  const to = await chooseBackend(registry, {
    flag: name,
    agent: {},
    env: {},
    settings: { backend: undefined },
  });
  const { state } = await new BackendAsker(context).look(paths, describeBottle(paths));
  if (state === 'running' || state === 'starting' || state === 'ending' || state === 'unattended') {
    if (!input.flag('stop')) throw runs(identity, name);
    await stopAndKeep(paths, registry.find);
  }
  const { from } = await migrateBottle(paths, { to, backends: registry.find, env: context.env });
  if (input.flag('json')) await writeJson(context.stdout, { identity, from, to: name });
  else {
    const fact = from === name ? `is on ${name} already` : `moved from ${from} to ${name}`;
    await writeLine(context.stdout, `${identity} ${fact}`);
    await writeLine(context.stderr, `bot-bottle: go on with: bot-bottle resume ${identity}`);
  }
  return EXIT.ok;
};

/** Marked first: the end of a session that nobody keeps takes its state along. It stays marked until it is resumed. */
async function stopAndKeep(paths: BottlePaths, backends: FindBackend): Promise<void> {
  await markPreserved(paths);
  await stopBottle(paths, { backends });
}

function runs(identity: string, backend: string): CliError {
  return new CliError(
    'running',
    `${identity} runs; expected a bottle that ended, or --stop to end it first`,
    {
      try: [`bot-bottle migrate ${identity} --backend ${backend} --stop`],
    },
  );
}
