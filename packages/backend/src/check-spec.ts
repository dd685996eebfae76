import type { Capabilities } from './backend.js';
import { BackendError } from './errors.js';
import type { BottleSpec } from './spec.js';

/** Checks what needs no look at the disk, for any adapter of these capabilities. @throws BackendError `bad-spec` */
export function checkSpec(spec: BottleSpec, { images, network, workspaces }: Capabilities): void {
  const { command, env, limits, image, egress, workspace } = spec;
  if (command.length === 0 || command[0] === '') throw bad('the command is empty');
  if (command.some(hasNul)) throw bad('the command contains a NUL');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('=') || hasNul(name) || hasNul(value)) {
      throw bad(`not an environment variable: ${JSON.stringify(name)}`);
    }
  }
  for (const [name, value] of Object.entries(limits)) {
    const whole = name === 'cpus' || Number.isSafeInteger(value);
    if (!(value > 0 && Number.isFinite(value) && whole))
      throw bad(`limit ${name} is ${value}; expected more than 0`);
  }
  if (!workspaces.includes(workspace.kind)) throw bad(`this backend offers no workspace "${workspace.kind}"`);
  if (image !== undefined && !images) {
    throw bad(`this backend runs the machine's own programs and no image (${image})`);
  }
  if (egress === undefined) return;
  if (network !== 'egress') throw bad('this backend guards no way out');
  if (!isPort(egress.port)) throw bad(`the way out has port ${egress.port}; expected 1024 to 65535`);
}

/** Those below need a privilege that nobody in the bottle's network has. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1024 && port <= 65_535;
}

function hasNul(text: string): boolean {
  return text.includes('\0');
}

function bad(message: string): BackendError {
  return new BackendError('bad-spec', message);
}
