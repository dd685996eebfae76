import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Enforcement, Probe } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { egressImage } from './egress-image.js';
import { EGRESS_PROGRAM } from './egress-program.js';
import { type Engine, EngineRefusal } from './engine.js';
import { operatorUser } from './user.js';

interface EngineFacts {
  readonly ServerVersion: string;
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly SecurityOptions?: readonly string[];
}

/** Asks the engine, and has it run a container confined as a bottle's are, which sees a folder of this machine. */
export async function probe(engine: Engine): Promise<Probe> {
  try {
    const facts = JSON.parse(await engine.ask('info', '--format', '{{json .}}')) as EngineFacts;
    await engine.composeCommand();
    await tryContainer(engine);
    const limited = (can: boolean | undefined): Enforcement => (can ? 'bottle' : 'none');
    return {
      available: true,
      version: facts.ServerVersion,
      limits: {
        memoryBytes: limited(facts.MemoryLimit),
        cpus: limited(facts.CpuCfsQuota),
        processes: limited(facts.PidsLimit),
        openFiles: 'process',
        tmpBytes: 'bottle',
      },
      notes: notes(facts),
    };
  } catch (error) {
    if (error instanceof BackendError) {
      return { available: false, reason: error.message, remedy: error.remedy ?? 'docker info' };
    }
    if (!(error instanceof EngineRefusal)) throw error;
    return { available: false, reason: `the engine runs no bottle: ${error.message}`, remedy: 'docker info' };
  }
}

function notes({ SecurityOptions = [] }: EngineFacts): string[] {
  const rootless = SecurityOptions.some(option => option.includes('rootless'));
  if (process.getuid?.() === 0 && !rootless)
    return ['you are root, and so is the agent in its container, without capabilities'];
  return [];
}

/** An engine on another machine, or in a virtual one, has other folders than this one: nothing could be mounted. */
async function tryContainer(engine: Engine): Promise<void> {
  const image = await egressImage(engine);
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-probe-'));
  const look = 'require("node:fs").writeFileSync("/run/probe/seen", "")';
  const mount = `type=bind,source=${folder},target=/run/probe`;
  const confined = [
    '--network=none',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges:true',
    '--read-only',
    '--init',
  ];
  try {
    await engine.change([
      ...['run', '--rm', ...confined, `--user=${operatorUser()}`, '--mount', mount],
      ...[`--entrypoint=${EGRESS_PROGRAM[0]}`, image, '-e', look],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
