import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The environment of a user whose every package manager asks `registry` and nothing else, with a home folder and so caches of
 * its own. What the machine's own configuration says of registries is left out.
 */
export function clientEnvironment(home: string, registry: string): NodeJS.ProcessEnv {
  mkdirSync(home, { recursive: true });
  const { host } = new URL(registry);
  // Clients do not publish without a token; this registry takes any.
  writeFileSync(
    join(home, '.npmrc'),
    `registry=${registry}/\n//${host}/:_authToken=anybody\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm|pnpm|yarn)_|^(XDG_|NODE_|INIT_CWD)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    NO_PROXY: '127.0.0.1',
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    // Yarn 4 refuses what was published less than a day ago; here everything was.
    YARN_NPM_MINIMAL_AGE_GATE: '0',
  };
}
