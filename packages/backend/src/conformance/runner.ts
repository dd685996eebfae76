import assert from 'node:assert/strict';
import { BackendError, type BackendErrorCode } from '../errors.js';
import type { LaunchHost } from '../terminal.js';
import type { Programs } from './programs.js';

/** What a test runner offers: jest's globals, vitest's, or node:test's `describe` and `it`. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

export interface ConformanceOptions {
  /** The host that launches are given: a real pseudo-terminal for an adapter that runs real programs. */
  readonly host: () => LaunchHost;
  /** Default: shellPrograms. */
  readonly programs?: Programs;
  /** Default: the globals `describe` and `it`. */
  readonly runner?: TestRunner;
}

export async function refuses(code: BackendErrorCode, action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error: unknown) => {
    assert.ok(
      error instanceof BackendError || (error as Error)?.name === 'BackendError',
      `not typed: ${error}`,
    );
    assert.equal((error as BackendError).code, code);
    return true;
  });
}
