import type { Limits } from '@bot-bottle/backend';
import { BUILT_IN_AGENTS } from '../agents/builtin.js';
import type { AgentDefinition } from '../agents/definition.js';
import { baseOf, type KnownAgent } from '../agents/known.js';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import { edit } from '../output/shell-word.js';
import { imageSource } from './image-source.js';
import { readProjectConfig, readRootConfig } from './locate.js';
import type { ReadConfig } from './read.js';
import type { LimitsEntry } from './schema.js';
import { checkProjectConfig } from './trust.js';

/** Everything configured, merged: built-in agents, then the root's file, then the project's. */
export interface Settings {
  readonly agents: ReadonlyMap<string, KnownAgent>;
  readonly backend: string | undefined;
  /** Third parties' adapters: module specifiers by name. */
  readonly backends: ReadonlyMap<string, string>;
  readonly limits: Limits;
  readonly detachKeys: string | undefined;
}

/** The operator's own settings and the project's agents. @throws CliError `bad-config`, `untrusted-config` */
export function loadSettings(context: Pick<Context, 'root' | 'cwd'>): Settings {
  return merge(context.root, readProjectConfig(context.root, context.cwd));
}

/** The operator's own alone: for a bottle that is there already, whatever lies in the current folder. @throws CliError `bad-config` */
export function loadOwnSettings(context: Pick<Context, 'root'>): Settings {
  return merge(context.root, null);
}

function merge(rootFolder: string, project: ReadConfig | null): Settings {
  const root = readRootConfig(rootFolder);
  const agents = new Map<string, KnownAgent>();
  for (const definition of BUILT_IN_AGENTS) {
    agents.set(definition.name, { definition, source: 'built-in', fromProject: false });
  }
  if (root !== null) addAgents(agents, rootFolder, root, false);
  if (project !== null) {
    checkProjectConfig(project, { agents, rootConfig: root, root: rootFolder });
    addAgents(agents, rootFolder, project, true);
  }
  return {
    agents,
    backend: root?.config.backend,
    backends: new Map(Object.entries(root?.config.backends ?? {})),
    limits: toLimits(root?.config.limits ?? {}),
    detachKeys: root?.config.detachKeys,
  };
}

function addAgents(
  agents: Map<string, KnownAgent>,
  root: string,
  read: ReadConfig,
  fromProject: boolean,
): void {
  const { file, config, where } = read;
  // Upon what was known before this file: the order inside a file means nothing, and no circle can arise.
  const known = new Map(agents);
  for (const [name, entry] of Object.entries(config.agents ?? {})) {
    const base = baseOf(known, name, entry);
    if (entry.extends !== undefined && base === undefined) {
      throw new CliError(
        'bad-config',
        `${where('agents', name, 'extends')}: no agent "${entry.extends}"; expected one of ${[...known.keys()].join(', ')}`,
        { try: edit(file) },
      );
    }
    const command = entry.command ?? base?.command;
    if (command === undefined) {
      throw new CliError(
        'bad-config',
        `${where('agents', name)}: agent "${name}" has no command; expected "command" or "extends"`,
        {
          try: edit(file),
        },
      );
    }
    const backend = entry.backend ?? base?.backend;
    // Found on the operator's PATH, a program's folder is shown in the bottle: a project must not choose which.
    const none = fromProject && entry.command !== undefined ? [] : undefined;
    const toolPaths = entry.toolPaths ?? base?.toolPaths ?? none;
    const definition: AgentDefinition = {
      name,
      description: entry.description ?? base?.description ?? '',
      command,
      resumeArgs: entry.resumeArgs ?? base?.resumeArgs ?? [],
      passEnv: entry.passEnv ?? base?.passEnv ?? [],
      allow: entry.allow ?? base?.allow ?? [],
      credentials: entry.credentials ?? base?.credentials ?? [],
      setEnv: { ...base?.setEnv, ...entry.setEnv },
      transcript: entry.transcript ?? base?.transcript ?? [],
      ...(toolPaths === undefined ? {} : { toolPaths }),
      ...(base?.needsNetwork === undefined ? {} : { needsNetwork: base.needsNetwork }),
      ...imageSource(root, read, name, base),
      ...(backend === undefined ? {} : { backend }),
    };
    agents.set(name, { definition, source: file, fromProject });
  }
}

function toLimits(entry: LimitsEntry): Limits {
  return {
    ...(entry.memory === undefined ? {} : { memoryBytes: toBytes(entry.memory) }),
    ...(entry.cpus === undefined ? {} : { cpus: entry.cpus }),
    ...(entry.processes === undefined ? {} : { processes: entry.processes }),
    ...(entry.openFiles === undefined ? {} : { openFiles: entry.openFiles }),
    ...(entry.tmp === undefined ? {} : { tmpBytes: toBytes(entry.tmp) }),
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function toBytes(size: number | string): number {
  if (typeof size === 'number') return size;
  return Number.parseInt(size, 10) * (UNIT_BYTES[size.slice(-3)] ?? 1);
}
