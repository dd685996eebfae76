import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Backend, checkContract } from '@bot-bottle/backend';
import { CliError } from '../output/errors.js';
import type { BackendRef } from '../session/backend-ref.js';
import { messageOf } from '../thrown.js';

/**
 * The adapter itself. A third party's module exports `createBackend()`, which returns a `Backend` of the name that the
 * module is configured under: a bottle's record finds its adapter by that name.
 * @throws CliError `bad-adapter`; BackendError `contract-mismatch`, naming both versions
 */
export async function loadBackend(ref: BackendRef): Promise<Backend> {
  if (ref.module === undefined) return (await import('@bot-bottle/backend-local')).localBackend();
  const url = isAbsolute(ref.module) ? pathToFileURL(ref.module).href : ref.module;
  let loaded: unknown;
  try {
    loaded = await import(url);
  } catch (cause) {
    throw new CliError(
      'bad-adapter',
      `backend "${ref.name}" does not load from ${ref.module}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  const adapter: unknown = creatorOf(loaded, ref)();
  if (!hasName(adapter) || adapter.name !== ref.name) {
    const name = hasName(adapter) ? `"${adapter.name}"` : 'nothing';
    throw new CliError(
      'bad-adapter',
      `createBackend of ${ref.module} made ${name}; expected a backend of the name "${ref.name}"`,
    );
  }
  // What it claims is checked before any of its methods is called.
  checkContract(adapter as Backend);
  return adapter as Backend;
}

function creatorOf(loaded: unknown, ref: BackendRef): () => unknown {
  // A CommonJS module's names are not always found by Node's look at its text; `default` has them all.
  const { createBackend, default: all } = loaded as {
    createBackend?: unknown;
    default?: { createBackend?: unknown };
  };
  const creator = createBackend ?? all?.createBackend;
  if (typeof creator === 'function') return () => creator();
  throw new CliError(
    'bad-adapter',
    `${ref.module} exports no function createBackend; expected it of the adapter "${ref.name}"`,
  );
}

function hasName(value: unknown): value is { name: string } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}
