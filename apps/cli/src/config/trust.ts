import { rootPaths } from '@bot-bottle/state-paths';
import { baseOf, type KnownAgent } from '../agents/known.js';
import { CliError } from '../output/errors.js';
import { edit } from '../output/shell-word.js';
import type { ReadConfig } from './read.js';

/**
 * A project's file lies where an agent may have written it, so it can never widen what reaches a bottle or what runs on
 * the host. It may only say `agents`; there it may not choose a backend or an image, name tool paths, allow hosts nor use keys, and an agent receives a variable of the
 * operator only if the agent that it builds upon does, or if the root's file lists the name under `projectEnv`.
 * What it does say — the command, fixed values, transcript — has effect inside the bottle alone.
 * @throws CliError `untrusted-config`
 */
export function checkProjectConfig(
  project: ReadConfig,
  known: {
    readonly agents: ReadonlyMap<string, KnownAgent>;
    readonly rootConfig: ReadConfig | null;
    readonly root: string;
  },
): void {
  const rootFile = rootPaths(known.root).config;
  const refuse = (path: readonly string[], fact: string, remedy: string): CliError =>
    new CliError('untrusted-config', `${project.where(...path)}: ${fact}`, { try: remedy });

  for (const key of Object.keys(project.config)) {
    if (key === 'agents') continue;
    throw refuse(
      [key],
      `"${key}" in a project's file; expected only "agents" there`,
      `${edit(rootFile)}   # it belongs there`,
    );
  }
  for (const [name, entry] of Object.entries(project.config.agents ?? {})) {
    if (entry.backend !== undefined) {
      throw refuse(
        ['agents', name, 'backend'],
        `agent "${name}" chooses a backend in a project's file; expected that in your own`,
        `bot-bottle start ${name} --backend ${entry.backend}`,
      );
    }
    if (entry.toolPaths !== undefined) {
      throw refuse(
        ['agents', name, 'toolPaths'],
        `agent "${name}" asks for folders of this machine in a project's file; expected that in your own`,
        `${edit(rootFile)}   # agents: ${name}: toolPaths`,
      );
    }
    for (const key of ['image', 'dockerfile', 'context'] as const) {
      if (entry[key] === undefined) continue;
      throw refuse(
        ['agents', name, key],
        `agent "${name}" chooses its image ("${key}") in a project's file; expected that in your own`,
        `${edit(rootFile)}   # agents: ${name}: ${key}`,
      );
    }
    for (const key of ['allow', 'credentials'] as const) {
      if (entry[key] === undefined) continue;
      throw refuse(
        ['agents', name, key],
        `agent "${name}" says what it may reach ("${key}") in a project's file; expected that in your own`,
        `${edit(rootFile)}   # agents: ${name}: ${key}`,
      );
    }
    const allowed = new Set([
      ...(baseOf(known.agents, name, entry)?.passEnv ?? []),
      ...(known.rootConfig?.config.projectEnv ?? []),
    ]);
    const refused = (entry.passEnv ?? []).find(variable => !allowed.has(variable));
    if (refused !== undefined) {
      throw refuse(
        ['agents', name, 'passEnv'],
        `agent "${name}" asks for your variable ${refused}; expected only names that you let projects have`,
        `${edit(rootFile)}   # projectEnv: [${refused}]`,
      );
    }
  }
}
