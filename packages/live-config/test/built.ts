import { join } from 'node:path';
import { program } from '@bot-bottle/test-kit';

const dist = join(__dirname, '..', 'dist', 'index.js');

/** A program for a process of its own: the body of an async function that has the built package, `fs`, and `args`. */
export function live(body: string, ...args: string[]): string[] {
  return program(liveSource(body), args);
}

/** As `live`, its source alone. */
export function liveSource(body: string): string {
  return `import { liveConfigPaths, readLiveConfig, watchLiveConfig, writeLiveConfig } from ${JSON.stringify(dist)};
import * as fs from 'node:fs';
export default async (...args) => { ${body} };`;
}
