import type { BottleSpec } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';

/** Checks what does not need the mounts' real paths. @throws BackendError `bad-spec` */
export function checkSpec(spec: BottleSpec): void {
  const { command, env, limits, image, egress } = spec;
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
  if (image !== undefined) throw bad(`this backend runs the machine's own programs and no image (${image})`);
  if (egress !== undefined && !isPort(egress.port)) {
    throw bad(`the way out has port ${egress.port}; expected 1024 to 65535`);
  }
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
