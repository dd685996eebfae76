import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ignoreRefusal } from './containers.js';
import type { Engine } from './engine.js';
import type { EngineFacts } from './engine-facts.js';
import { isPresent } from './images.js';
import { operatorUser } from './user.js';

/** Between the egress image's own tag and what was proven with it. */
const MARK = '-proven-';

/**
 * That an engine ran a container which saw a folder of this machine, remembered where it is true: as one more name of the egress
 * image. Another start of this machine, another version of the engine and another operator prove it anew. It spares each start a
 * container of half a second; what keeps a bottle in is proven at each launch, whatever stands here.
 */
export class ProvenEngine {
  readonly #engine: Engine;
  readonly #image: string;
  readonly #name: string;

  constructor(engine: Engine, image: string, { version }: EngineFacts) {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const digest = createHash('sha256').update(`${boot}\0${version}\0${operatorUser()}`).digest('hex');
    this.#engine = engine;
    this.#image = image;
    this.#name = `${image}${MARK}${digest.slice(0, 16)}`;
  }

  remembered(): Promise<boolean> {
    return isPresent(this.#engine, this.#name);
  }

  /** And forgets what was proven before: a name for each start of the machine would be many. */
  async remember(): Promise<void> {
    const [repository = ''] = this.#image.split(':');
    const listed = await this.#engine.ask('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository);
    const older = listed.split('\n').filter(name => name.includes(`${this.#image}${MARK}`));
    await this.#engine.change(['tag', this.#image, this.#name]);
    if (older.length > 0) await this.#engine.change(['image', 'rm', ...older]).catch(ignoreRefusal);
  }
}
