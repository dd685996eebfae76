import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { clientInFront } from './client-in-front.js';

/** A client in front of the real one, which waits at the first call that holds some words until it is opened: what then becomes of the engine, or of who calls, happens in the middle of a command. */
export class GateClient {
  readonly #folder = temporaryFolder();
  /** What a command needs in its environment to go through the gate. */
  readonly env: Readonly<Record<string, string>>;

  constructor(words: string) {
    const [reached, open] = ['reached', 'open'].map(name => join(this.#folder, name));
    this.env = clientInFront(
      this.#folder,
      `case " $* " in
  *" ${words} "*) if mkdir "${reached}" 2>/dev/null; then until [ -e "${open}" ]; do sleep 0.02; done; fi ;;
esac
exec "$client" "$@"
`,
    );
  }

  /** Settles when a call waits. */
  async reached(): Promise<void> {
    while (!existsSync(join(this.#folder, 'reached'))) await sleep(20);
  }

  open(): void {
    writeFileSync(join(this.#folder, 'open'), '');
  }
}
