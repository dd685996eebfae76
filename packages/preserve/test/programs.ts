// Operations on a bottle as programs of their own, from the built package, so that they can be killed or traced.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { program } from '@bot-bottle/test-kit';

const built = (name: string) =>
  JSON.stringify(pathToFileURL(join(__dirname, '../..', name, 'dist/index.js')));

/** The source of a module that runs `body` with everything of the package, and `root`, `paths` and `args` at hand. */
export function source(body: string): string {
  return `
    import * as fs from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    import * as preserve from ${built('preserve')};
    import { bottlePaths, listIdentities } from ${built('state-paths')};
    export default async (root, identity, ...args) => {
      const paths = identity === '-' ? null : bottlePaths(root, identity);
      ${body}
    };`;
}

/** The command that runs `body` on one bottle. */
export function onBottle(body: string, { root, identity }: BottlePaths): string[] {
  return program(source(body), [root, identity]);
}

/** The command that runs `body` on a root. */
export function onRoot(body: string, root: string): string[] {
  return program(source(body), [root, '-']);
}

export const SWEEP = `
  const outcomes = [];
  for await (const { identity, action, reason } of preserve.sweep(root, { inspect: () => 'readable' }))
    outcomes.push([identity, action, reason].join(' '));
  return outcomes;`;
