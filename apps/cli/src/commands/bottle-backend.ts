import type { Backend, BottleRef } from '@bot-bottle/backend';
import { effectiveBackend, readRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import { createRegistry, type Registry } from '../backends/registry.js';
import { loadOwnSettings, type Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { bottleRef } from '../session/bottle-ref.js';
import { SessionError } from '../session/errors.js';
import { type LaunchRecord, readLaunch } from '../session/launch-file.js';
import { isOlder } from '../session/older.js';
import { resolveBottle } from './resolve-identity.js';

/** A bottle with the adapter of its record. */
export interface BottleAtBackend {
  readonly paths: BottlePaths;
  readonly launch: LaunchRecord;
  readonly backend: Backend;
  readonly ref: BottleRef;
  readonly registry: Registry;
  readonly settings: Settings;
}

/** @throws SessionError `unfinished`; CliError `no-such-bottle`, `backend-not-installed`, `bad-adapter` */
export async function bottleAtBackend(context: Context, name: string): Promise<BottleAtBackend> {
  const paths = resolveBottle(context.root, name);
  const [launch, record] = [readLaunch(paths), readRecord(paths)];
  if (launch === null || record === null) {
    if (isOlder(paths)) {
      throw new SessionError(
        'unfinished',
        `${paths.identity} is the older tool's: it becomes one of ours by being resumed`,
        { remedy: `bot-bottle resume ${paths.identity}` },
      );
    }
    throw new SessionError('unfinished', `the start of ${paths.identity} never finished: it has no image`);
  }
  const settings = loadOwnSettings(context);
  const registry = createRegistry(context, settings);
  const backend = await loadBackend(registry.require(effectiveBackend(record)));
  return { paths, launch, backend, ref: bottleRef(paths, record), registry, settings };
}
