import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type AllowlistEntry,
  formatAllowlist,
  formatRoutes,
  parseAllowlist,
  parseRoutes,
  type Route,
} from '@bot-bottle/live-config';
import type { Context } from '../context.js';
import { unreadable } from '../output/unreadable.js';

/** An operator's own file, checked, with its text as a live config takes it. An empty one says nobody, or no routes. */
export interface AllowlistFile {
  readonly allowlist: readonly AllowlistEntry[];
  readonly text: string;
}

export interface RoutesFile {
  readonly routes: readonly Route[];
  readonly text: string;
}

/** @throws CliError `unreadable-file`; LiveConfigError `bad-allowlist` with line and column */
export function readAllowlistFile(context: Context, file: string): AllowlistFile {
  const text = read(context, file);
  // To writeLiveConfig an empty text says to leave the file alone.
  return {
    allowlist: parseAllowlist(text, { source: file }),
    text: text === '' ? formatAllowlist([]) : text,
  };
}

/** @throws CliError `unreadable-file`; LiveConfigError `bad-routes` with line and column */
export function readRoutesFile(context: Context, file: string): RoutesFile {
  const text = read(context, file);
  return { routes: parseRoutes(text, { source: file }), text: text === '' ? formatRoutes([]) : text };
}

function read(context: Context, file: string): string {
  try {
    return readFileSync(resolve(context.cwd, file), 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
