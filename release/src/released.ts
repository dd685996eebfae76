import type { Release } from './publish.ts';

/** What the tests of this folder share: one release, made before the first of them. */
export interface Released {
  /** The registry's address. */
  registry: string;
  releases: Release[];
  /** The copy of the repository that it was released from. */
  copy: string;
  /** The programs of each Node version: `bin` folders by major version, from .tools. */
  nodes: Record<string, string>;
}

const NAME = 'BOT_BOTTLE_RELEASED';

export function shareReleased(released: Released): void {
  process.env[NAME] = JSON.stringify(released);
}

export function released(): Released {
  const text = process.env[NAME];
  if (text === undefined)
    throw new Error(`${NAME} is not set; expected the setup of jest.config.mjs to have run`);
  return JSON.parse(text);
}
