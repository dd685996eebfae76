import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { StatePathsError } from './errors.js';

export interface StateRootOptions {
  /** Default `process.env`. Only `BOT_BOTTLE_HOME` is read; empty counts as unset, and `~` is left to the shell. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default `os.homedir()`. */
  home?: string;
  /** What a relative `BOT_BOTTLE_HOME` starts from. Default `process.cwd()`. */
  cwd?: string;
}

/**
 * The folder of all state: `BOT_BOTTLE_HOME`, else `~/.bot-bottle`. Absolute; looks at no disk and creates nothing.
 * @throws {StatePathsError} `bad-root`
 */
export function stateRoot(options: StateRootOptions = {}): string {
  const { env = process.env, home = homedir() } = options;
  const named = env['BOT_BOTTLE_HOME'];
  if (!named) return checkedRoot(join(home, '.bot-bottle'));
  // An absolute one works also where the current folder was removed.
  return checkedRoot(isAbsolute(named) ? named : resolve(options.cwd ?? process.cwd(), named));
}

/** What lies directly under the root. */
export interface RootPaths {
  readonly root: string;
  /** One folder for each bottle. */
  readonly state: string;
  /** Requests that wait for the operator; outlives the bottle's state. */
  readonly queue: string;
  /** Append-only JSON lines; outlives the bottle's state. */
  readonly audit: string;
  /** The operator's own configuration, `bot-bottle.yaml`. */
  readonly config: string;
}

/** @throws {StatePathsError} `bad-root` */
export function rootPaths(root: string): RootPaths {
  const checked = checkedRoot(root);
  return {
    root: checked,
    state: `${checked}/state`,
    queue: `${checked}/queue`,
    audit: `${checked}/audit`,
    config: `${checked}/bot-bottle.yaml`,
  };
}

function checkedRoot(root: string): string {
  if (isAbsolute(root) && !root.includes('\0')) return resolve(root);
  throw new StatePathsError(
    'bad-root',
    root,
    `the state root ${JSON.stringify(root.slice(0, 200))} is not usable: expected an absolute path without NUL ` +
      '(set BOT_BOTTLE_HOME, or HOME)',
  );
}
