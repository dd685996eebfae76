import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, RunningBottle } from '../backend.js';
import type { BottleSpec } from '../spec.js';
import type { ExitStatus, LaunchHost } from '../terminal.js';

const HOME = '/home/agent';
const WORKSPACE = '/workspace';

/** A bottle of the suite: its specification, and short forms of what most promises need. */
export interface TestBottle {
  readonly spec: BottleSpec;
  with(changes: Partial<BottleSpec>): BottleSpec;
  start(command: string[], changes?: Partial<BottleSpec>): Promise<Session>;
  /** Prepares, launches, waits for the end. */
  run(command: string[], changes?: Partial<BottleSpec>): Promise<{ output: string; exit: ExitStatus }>;
}

interface Session extends RunningBottle {
  /** Resolves with all output so far, once it contains the text. Rejects if the bottle ends without it. */
  shows(text: string): Promise<string>;
}

/** Suites that run at once on one engine name their bottles differently. */
let count = (process.pid % 36 ** 3) * 36 ** 2;

/** Makes a bottle on temporary folders; destroys it and removes them afterwards, whatever happens. */
export async function withBottle(
  backend: Backend,
  host: LaunchHost,
  use: (bottle: TestBottle) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-conformance-'));
  const spec = makeSpec(folder);
  const start = async (command: string[], changes: Partial<BottleSpec> = {}) => {
    const prepared = await backend.prepare({ ...spec, command, ...changes });
    return watch(await backend.launch(prepared, host));
  };
  try {
    await use({
      spec,
      with: changes => ({ ...spec, ...changes }),
      start,
      async run(command, changes) {
        const session = await start(command, changes);
        const exit = await session.exited;
        return { output: await session.shows(''), exit };
      },
    });
  } finally {
    await backend.destroy(spec);
    rmSync(folder, { recursive: true });
  }
}

function makeSpec(folder: string): BottleSpec {
  count += 1;
  const source = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  return {
    identity: `conform-${count.toString(36).padStart(5, '0')}` as BottleSpec['identity'],
    stateFolder: join(folder, 'adapter'),
    agentName: 'conform',
    command: ['true'],
    env: {},
    workspace: { kind: 'empty', source: source('workspace'), target: WORKSPACE },
    home: { source: source('home'), target: HOME },
    limits: {},
    labels: {},
  };
}

/** Collects what the bottle shows. */
export function watch(bottle: RunningBottle): Session {
  let output = '';
  let ended = false;
  let changed = () => {};
  bottle.terminal.onData(chunk => {
    output += Buffer.from(chunk).toString();
    changed();
  });
  void bottle.exited.then(() => {
    ended = true;
    changed();
  });
  return {
    ...bottle,
    shows: text =>
      new Promise((resolve, reject) => {
        changed = () => {
          if (output.includes(text)) resolve(output);
          else if (ended)
            reject(new Error(`the bottle ended without showing ${JSON.stringify(text)}: ${output}`));
        };
        changed();
      }),
  };
}
