import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import { meantOrExpected } from '../output/nearest.js';
import { shellWord } from '../output/shell-word.js';
import { type BackendRef, type FindBackend, LOCAL } from '../session/backend-ref.js';

/** Packages of ours that provide a backend by being installed, without a word in the configuration. */
const KNOWN_PACKAGES: Readonly<Record<string, string>> = {
  docker: '@bot-bottle/backend-docker',
  smolmachines: '@bot-bottle/backend-smolmachines',
};

/** The backends of this installation. */
export interface Registry {
  /** In the order in which they are tried where nobody chose. */
  readonly names: readonly string[];
  /** Where the adapter is; undefined: not installed. Loads nothing. */
  readonly find: FindBackend;
  /** As `find`. @throws CliError `backend-not-installed`, `unknown-backend` */
  readonly require: (name: string) => BackendRef;
}

/**
 * Adapters are code on the host, so they come from where only the operator writes: the root's configuration, and
 * packages installed in the root folder or beside bot-bottle itself.
 */
export function createRegistry(
  context: Pick<Context, 'root'>,
  settings: Pick<Settings, 'backends'>,
): Registry {
  const fromRoot = createRequire(join(context.root, 'bot-bottle.yaml'));
  const fromHere = createRequire(__filename);
  const specifiers = new Map([...Object.entries(KNOWN_PACKAGES), ...settings.backends]);

  const find: FindBackend = name => {
    if (name === LOCAL) return { name };
    const specifier = specifiers.get(name);
    if (specifier === undefined) return undefined;
    const module = resolveFrom(fromRoot, specifier) ?? resolveFrom(fromHere, specifier);
    return module === undefined ? undefined : { name, module };
  };
  const names = [LOCAL, ...[...specifiers.keys()].filter(name => settings.backends.has(name) || find(name))];
  return {
    names,
    find,
    require: name => {
      const ref = find(name);
      if (ref !== undefined) return ref;
      const specifier = specifiers.get(name);
      throw specifier === undefined
        ? unknownBackend(name, [LOCAL, ...specifiers.keys()], names)
        : notInstalled(name, specifier, context.root);
    },
  };
}

function resolveFrom(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}

function notInstalled(name: string, specifier: string, root: string): CliError {
  const isPath = specifier.startsWith('.') || specifier.startsWith('/');
  return new CliError(
    'backend-not-installed',
    `backend "${name}" is not installed; expected ${isPath ? 'a module at' : 'the package'} ${specifier}`,
    isPath ? {} : { try: `npm install --prefix ${shellWord(root)} ${specifier}` },
  );
}

function unknownBackend(name: string, known: readonly string[], installed: readonly string[]): CliError {
  return new CliError('unknown-backend', `no backend "${name}"; ${meantOrExpected(name, known, installed)}`, {
    try: 'bot-bottle doctor',
  });
}
