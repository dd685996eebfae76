import { join } from 'node:path';
import { program } from '@bot-bottle/test-kit';

const dist = join(__dirname, '..', 'dist', 'index.js');

/** A program for a process of its own: the body of a function that has all of the built package, and `args`. */
export function durably(body: string, ...args: string[]): string[] {
  return program(
    `import * as durable from ${JSON.stringify(dist)};
import * as fs from 'node:fs';
const { ${names.join(', ')} } = durable;
export default async (...args) => { ${body} };`,
    args,
  );
}

const names = [
  'acquireClaim',
  'copyTree',
  'createFile',
  'createFolder',
  'processMark',
  'readClaim',
  'removeFile',
  'removeTree',
  'replaceFile',
  'replaceFileSync',
];
