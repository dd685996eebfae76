import type { BottleRef, BottleSpec, FileMount } from '@bot-bottle/backend';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { grantsOf } from '../agents/grants.js';
import type { LaunchRecord, Workspace } from './launch-file.js';
import type { ResumeReport } from './resume-report.js';

/** Where the bottle sees its HOME, and its workspace when that is nobody's folder. */
export const HOME = '/home/agent';
const EMPTY_WORKSPACE = '/workspace';

/** What a bottle is told of its way out. */
export interface WayOutSpec {
  readonly egress: { readonly port: number };
  readonly files: readonly FileMount[];
  readonly env: Readonly<Record<string, string>>;
}

export interface SpecInput {
  readonly ref: BottleRef;
  readonly paths: BottlePaths;
  readonly launch: LaunchRecord;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the variables whose values its routes put into requests. */
  readonly routed: ReadonlySet<string>;
  /** Where the values of `passEnv` come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What came back, where the bottle is resumed. */
  readonly report: ResumeReport | null;
  /** Null: it reaches nothing at all. */
  readonly wayOut: WayOutSpec | null;
}

/** What the adapter is told. A copy appears at its original's path, so that paths in the project's own files stay right. */
export function bottleSpec(input: SpecInput): BottleSpec {
  const { ref, paths, launch, labels, routed, env, report, wayOut } = input;
  const { agent, args, workspace, limits } = launch;
  const passed = agent.passEnv.flatMap(name => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...ref,
    agentName: agent.name,
    command: [
      ...agent.command,
      ...(report !== null && hasConversation(agent, report) ? agent.resumeArgs : []),
      ...args,
    ],
    // A key is never passed, whatever `passEnv` names; and the way out is what it is.
    env: {
      ...Object.fromEntries(passed),
      ...grantsOf(agent, env, routed).env,
      ...agent.setEnv,
      ...wayOut?.env,
    },
    workspace: {
      kind: workspace.kind,
      source: workspaceFolder(paths, workspace),
      target: workspaceTarget(workspace),
    },
    home: { source: paths.home, target: HOME },
    limits,
    labels,
    ...(wayOut === null ? {} : { egress: wayOut.egress, files: wayOut.files }),
    ...(agent.image === undefined ? {} : { image: agent.image }),
    ...(agent.toolPaths === undefined ? {} : { toolPaths: agent.toolPaths }),
  };
}

/** `claude --continue` and its like fail where no conversation was saved. An agent that names no transcript has its own ways. */
function hasConversation(agent: AgentDefinition, { transcript }: ResumeReport): boolean {
  return agent.transcript.length === 0 || transcript.restored.length + transcript.inPlace.length > 0;
}

/** Where the agent sees it. */
export function workspaceTarget(workspace: Workspace): string {
  return workspace.kind === 'empty' ? EMPTY_WORKSPACE : workspace.source;
}

/** The folder of the host that the agent works in. */
function workspaceFolder(paths: BottlePaths, workspace: Workspace): string {
  return workspace.kind === 'mount' ? workspace.source : paths.workspace;
}
