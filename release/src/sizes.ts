import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of every installed package below a project's node_modules, by name. */
export function installedSizes(project: string): Record<string, number> {
  const modules = join(project, 'node_modules');
  const names = readdirSync(modules)
    .filter(name => !name.startsWith('.'))
    .flatMap(name =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map(rest => `${name}/${rest}`) : [name],
    );
  return Object.fromEntries(names.map(name => [name, bytesBelow(join(modules, name))]));
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0);
}

/** What a package may weigh, in kB (1,000 bytes), with all that it pulls in, as npm installs it. */
export type Budgets = Readonly<Record<string, number>>;

/** Null where the package keeps its budget; otherwise what it weighs, the heaviest part first. */
export function overBudget(
  name: string,
  sizes: Readonly<Record<string, number>>,
  budgets: Budgets,
): string | null {
  const budget = budgets[name];
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  if (budget === undefined) return `${name} has no budget; it weighs ${kilobytes(total)}`;
  if (total <= budget * 1000) return null;
  const parts = Object.entries(sizes)
    .sort(([, one], [, other]) => other - one)
    .map(([part, size]) => `  ${kilobytes(size).padStart(10)}  ${part}`);
  return [`${name} weighs ${kilobytes(total)}; its budget is ${budget} kB:`, ...parts].join('\n');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
