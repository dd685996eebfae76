import { spawnSync } from 'node:child_process';

/** Whether a program is there. Under CI a missing one is an error: nothing may be left untested unseen. */
function requireTool(name: string): boolean {
  const found = spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', name]).status === 0;
  if (!found && process.env['CI']) throw new Error(`${name} is missing, and the tests under CI need it`);
  return found;
}

/** `describe`, or a visible skip that names the missing program. */
export function describeWith(tools: string | string[], title: string, tests: () => void): void {
  const missing = [tools].flat().filter(tool => !requireTool(tool));
  if (missing.length === 0) describe(title, tests);
  else describe.skip(`${title} (skipped: ${missing.join(', ')} missing)`, tests);
}
