import type { Identity } from '@bot-bottle/identity';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import type { FindBackend } from './backend-ref.js';

export interface ResumeOptions {
  readonly backends: FindBackend;
  /** Resume with an empty workspace where the mounted folder is gone; by default an error. */
  readonly allowMissingWorkspace?: boolean;
}

/** What came back and what did not. */
export interface ResumeReport {
  readonly workspace: 'mounted' | 'copy' | 'empty' | 'missing';
  readonly home: 'in place' | 'missing';
  /** Per transcript folder of the agent. */
  readonly transcript: readonly { readonly path: string; readonly state: 'in place' | 'restored' | 'missing' }[];
  readonly liveConfig: 'in place' | 'reset';
  readonly labels: number;
  readonly args: readonly string[];
  /** Names that the agent's definition passes and the operator's environment does not hold now. */
  readonly absentEnv: readonly string[];
}

export interface ResumedBottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
  readonly report: ResumeReport;
}

/** Resumes a bottle that is preserved or dead, on the backend of its record. Throws SessionError. */
export declare function resumeBottle(context: Context, identity: Identity, options: ResumeOptions): Promise<ResumedBottle>;
