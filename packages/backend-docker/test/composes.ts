import { spawnSync } from 'node:child_process';
import { temporaryFolder } from '@bot-bottle/test-kit';

type Variables = NodeJS.ProcessEnv;

/** The environment of a client that has Compose v2: the one that the tests run in (jest.config.mjs). Null: there is none. */
export function withComposeV2(env: Variables): Variables | null {
  return hasPlugin(env) ? env : null;
}

/** The environment of a client that has v1.29 (`docker-compose`) and nothing else. Null: that cannot be had here. */
export function withComposeV1(env: Variables): Variables | null {
  const found = { ...env, DOCKER_CONFIG: temporaryFolder() };
  const { status, stdout } = spawnSync('docker-compose', ['version', '--short'], { env, encoding: 'utf8' });
  return status === 0 && stdout.startsWith('1.') && !hasPlugin(found) ? found : null;
}

/** `describe` with something that the tests need, or a visible skip where it is not there. Under CI that is an error. */
export function describeHaving<T>(what: string, found: T | null, tests: (found: T) => void): void {
  if (found !== null) describe(`with ${what}`, () => tests(found));
  else if (process.env['CI']) throw new Error(`${what} cannot be had, and the tests under CI need it`);
  else describe.skip(`with ${what} (skipped: it cannot be had here)`, () => it('is not tested', () => {}));
}

function hasPlugin(env: Variables): boolean {
  return spawnSync('docker', ['compose', 'version'], { env }).status === 0;
}
