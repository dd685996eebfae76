import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();
let hooked = false;

/**
 * A new empty folder, removed after the test file (jest) or at the end of the process. `memory` puts it on /dev/shm,
 * where fsync costs nothing: for tests about order and races, not about disks.
 */
export function temporaryFolder(options: { memory?: boolean } = {}): string {
  const base = options.memory ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(realpathSync(base), 'bot-bottle-test-'));
  made.add(folder);
  if (!hooked) process.once('exit', cleanUp);
  hooked = true;
  return folder;
}

function cleanUp(): void {
  // Not Node's rm, which in Node 22 overflows its stack on the deep trees that tests make.
  if (made.size > 0) spawnSync('rm', ['-rf', '--', ...made]);
  made.clear();
}

// The hook must be set while jest collects the tests, hence at import.
if (typeof afterAll === 'function') afterAll(cleanUp);
