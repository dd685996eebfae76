#!/usr/bin/env node
import { writeSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { version } from './version.js';

// The entry, a file of its own and of a kilobyte: it parses and loads on every Node since 18, for on an old one it has
// one thing to say, and it answers `--version` before the rest is even read.
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
    try {
      writeSync(1, `${version}\n`);
    } catch {
      // A reader that is gone, or a full disk.
      process.exitCode = 1;
    }
  } else {
    keepCompiledCode(process.env);
    // `require`, not `import()`: the loader of ES modules costs milliseconds too.
    const { run } = require('./commands/run.js') as typeof import('./commands/run.js');
    void run(argv);
  }
}

/**
 * Node keeps the compiled code of the rest in the operator's cache folder, which saves a quarter of the time to start.
 * Not in Node's default place below /tmp: what another user could have put there would be run.
 */
function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  const cache = env['XDG_CACHE_HOME'] || (env['HOME'] && `${env['HOME']}/.cache`);
  if (cache) nodeModule.enableCompileCache?.(`${cache}/bot-bottle`);
}

main(process.argv.slice(2));
