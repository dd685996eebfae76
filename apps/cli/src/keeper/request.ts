import type { Limits, TerminalSize } from '@bot-bottle/backend';
import type { Identity } from '@bot-bottle/identity';
import type { BackendRef } from '../session/backend-ref.js';
import { SessionError, type SessionErrorCode } from '../session/errors.js';
import type { ResumeReport } from '../session/resume-report.js';
import type { StartRequest } from '../session/start-request.js';
import type { OlderLaunch } from './older-bottle.js';

/** What a command asks of the keeper that it spawned, over their IPC channel. Values of variables come in its environment. */
export type KeeperRequest = {
  /** Absolute state root. */
  readonly root: string;
  /** What the terminal is opened with; whoever attaches sets their own. */
  readonly size: TerminalSize;
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Mark the bottle as preserved as soon as its agent runs. */
  readonly preserve: boolean;
} & (
  | { readonly kind: 'start'; readonly start: StartRequest }
  | {
      readonly kind: 'resume';
      readonly identity: Identity;
      readonly backend: BackendRef;
      readonly allowMissingWorkspace: boolean;
      /** Null: those that were recorded. */
      readonly limits: Limits | null;
      readonly older: OlderLaunch | null;
    }
);

/** What the keeper says: how an image comes along, line by line, and then once that the agent runs or cannot. */
export type KeeperReply =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'ready'; readonly identity: Identity; readonly report: ResumeReport | null }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** An error on its way to another process. */
export interface Failure {
  readonly session: SessionErrorCode;
  readonly message: string;
  readonly reason?: string;
  readonly remedy?: string;
  readonly left: readonly string[];
}

export function toFailure(error: unknown, left: readonly string[] = []): Failure {
  if (error instanceof SessionError) {
    const { code: session, message, reason, remedy } = error;
    return {
      session,
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(remedy === undefined ? {} : { remedy }),
      left: [...error.left, ...left],
    };
  }
  const { message, code, remedy } =
    error instanceof Error
      ? (error as Error & { code?: unknown; remedy?: unknown })
      : { message: String(error) };
  return {
    session: 'start-failed',
    message,
    ...(typeof code === 'string' ? { reason: code } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
    left,
  };
}

export function fromFailure({ session, message, ...details }: Failure): SessionError {
  return new SessionError(session, message, details);
}
