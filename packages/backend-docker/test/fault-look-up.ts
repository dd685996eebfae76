import { readdirSync, readFileSync } from 'node:fs';
import { EngineProxy } from './engine-proxy.js';

/** Counts the look-ups of keepers at the engine's socket, and kills the keeper at one of them. */
export class FaultLookUp {
  readonly #proxy = new EngineProxy();
  readonly #paths: string[] = [];

  /** @param nth from 1; null: it only counts */
  constructor(nth: number | null) {
    this.#proxy.onLookUp = path => {
      const keeper = this.#keeper();
      if (keeper !== null && this.#paths.push(path) === nth) process.kill(keeper, 'SIGKILL');
    };
  }

  /** Of an operator whose keepers ask here. */
  get env(): Readonly<Record<string, string>> {
    return { DOCKER_HOST: this.#proxy.address };
  }

  /** Look-ups of keepers so far. */
  get count(): number {
    return this.#paths.length;
  }

  /** What was asked at a look-up; null: there was none. */
  words(nth: number): string | null {
    return this.#paths[nth - 1] ?? null;
  }

  /** A look-up changes nothing: there is nothing to wait for. */
  async over(): Promise<void> {}

  /** The one whose engine is here. */
  #keeper(): number | null {
    const read = (pid: string, name: string) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'utf8');
      } catch {
        return '';
      }
    };
    const pid = readdirSync('/proc').find(
      name =>
        read(name, 'cmdline').includes('__keeper') && read(name, 'environ').includes(this.#proxy.address),
    );
    return pid === undefined ? null : Number(pid);
  }
}
