#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { version } from './version.js';

// This file and what it imports statically must parse and load on every Node since 18: on an old one it has one
// thing to say. Whatever needs more is imported when it is needed, which also keeps `--version` instant.
const MINIMUM_NODE = 22;

function main(argv: readonly string[]): void {
  if (Number.parseInt(process.versions.node, 10) < MINIMUM_NODE) {
    writeSync(
      2,
      `bot-bottle: this is Node ${process.versions.node}; expected Node ${MINIMUM_NODE} or newer\n`,
    );
    process.exitCode = 1;
  } else if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    // Not process.stdout, whose set-up alone costs milliseconds.
    writeSync(1, `${version}\n`);
  } else {
    void import('./commands/run.js').then(({ run }) => run(argv));
  }
}

main(process.argv.slice(2));
