import { BackendError } from '@bot-bottle/backend';
import { type Engine, EngineRefusal } from './engine.js';
import { seeImage } from './lookups.js';

/** Milliseconds that a pull may take. */
const PULL_MS = 600_000;

/** The id of an image, which is pulled where it is not there. @throws BackendError `bad-spec` */
export async function imageId(engine: Engine, image: string): Promise<string> {
  // A word that the client would take for an option.
  if (!/^[a-z0-9]/.test(image)) throw new BackendError('bad-spec', `not the name of an image: ${image}`);
  try {
    return await look(engine, image);
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
  }
  try {
    await engine.change(['pull', '--quiet', image], { timeoutMs: PULL_MS });
    return await look(engine, image);
  } catch (cause) {
    if (!(cause instanceof EngineRefusal)) throw cause;
    throw new BackendError('bad-spec', `image ${image} is not here and cannot be pulled: ${cause.message}`, {
      cause,
      remedy: `docker pull ${image}`,
    });
  }
}

async function look(engine: Engine, image: string): Promise<string> {
  const seen = await seeImage(engine, image);
  return seen ?? (await engine.ask('image', 'inspect', '--format', '{{.Id}}', image)).trim();
}

export async function isPresent(engine: Engine, image: string): Promise<boolean> {
  if ((await seeImage(engine, image)) !== null) return true;
  return (await engine.ask('image', 'ls', '--quiet', image)).trim() !== '';
}
