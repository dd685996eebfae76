import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkspacePackage } from './workspace.ts';

/**
 * The packages of the house whose code a package's build takes in: it imports them, and its users do not install them. Changesets
 * follows dependencies alone, so that these need a look of their own.
 */
export function builtInto({ folder, manifest }: WorkspacePackage): string[] {
  const shipped = shippedSources(join(folder, 'src'));
  return Object.keys(manifest.devDependencies ?? {}).filter(name => {
    const imported = new RegExp(`(from|import\\()\\s*'${name}(/[a-z-]+)?'`);
    return shipped.some(text => imported.test(text));
  });
}

/**
 * Those that take in a package that got a new version and have none themselves.
 * @param before versions by name, before the changesets were applied
 */
export function leftBehind(
  packages: readonly WorkspacePackage[],
  before: ReadonlyMap<string, string>,
): WorkspacePackage[] {
  const moved = new Set(
    packages.filter(({ name, manifest }) => before.get(name) !== manifest.version).map(({ name }) => name),
  );
  return packages.filter(one => !moved.has(one.name) && builtInto(one).some(name => moved.has(name)));
}

function shippedSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map(path => readFileSync(join(folder, path), 'utf8'));
}
