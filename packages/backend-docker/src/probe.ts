import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Enforcement, Probe } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { egressImage } from './egress-image.js';
import { EGRESS_PROGRAM } from './egress-program.js';
import { type Engine, EngineRefusal } from './engine.js';
import { type EngineFacts, engineFacts } from './engine-facts.js';
import { ProvenEngine } from './proven-engine.js';
import { operatorUser } from './user.js';

/** Asks the engine, and has it run, once, a container confined as a bottle's are, which sees a folder of this machine. */
export async function probe(engine: Engine): Promise<Probe> {
  try {
    const [facts, image] = await Promise.all([
      engineFacts(engine),
      egressImage(engine),
      engine.composeCommand(),
    ]);
    const proven = new ProvenEngine(engine, image, facts);
    if (!(await proven.remembered())) {
      await tryContainer(engine, image);
      await proven.remember();
    }
    const limited = (can: boolean): Enforcement => (can ? 'bottle' : 'none');
    return {
      available: true,
      version: facts.version,
      limits: {
        memoryBytes: limited(facts.limits.memory),
        cpus: limited(facts.limits.cpus),
        processes: limited(facts.limits.processes),
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

function notes({ rootless }: EngineFacts): string[] {
  if (process.getuid?.() === 0 && !rootless)
    return ['you are root, and so is the agent in its container, without capabilities'];
  return [];
}

/** An engine on another machine, or in a virtual one, has other folders than this one: nothing could be mounted. */
async function tryContainer(engine: Engine, image: string): Promise<void> {
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
