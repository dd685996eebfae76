import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { composePlugin } from '../src/compose-command.js';

/** A client in front of the real one, which waits at the first call that holds some words until it is opened: what then becomes of the engine, or of who calls, happens in the middle of a command. */
export class GateClient {
  readonly #folder = temporaryFolder();
  /** What a command needs in its environment to go through the gate. */
  readonly env: Readonly<Record<string, string>>;

  constructor(words: string) {
    const gate = (path: string, real: string) =>
      writeFileSync(
        path,
        `#!/bin/sh
PATH=\${PATH#*:}
case " $* " in
  *" ${words} "*) if mkdir "${this.#folder}/reached" 2>/dev/null; then until [ -e "${this.#folder}/open" ]; do sleep 0.02; done; fi ;;
esac
exec '${real}' "$@"
`,
        { mode: 0o755 },
      );
    for (const name of ['docker', 'docker-compose']) gate(join(this.#folder, name), name);
    this.env = { PATH: `${this.#folder}:${process.env['PATH']}` };
    const plugin = composePlugin(process.env);
    if (plugin === null) return;
    mkdirSync(join(this.#folder, 'cli-plugins'));
    gate(join(this.#folder, 'cli-plugins/docker-compose'), plugin);
    this.env = { ...this.env, DOCKER_CONFIG: this.#folder };
  }

  /** Settles when a call waits. */
  async reached(): Promise<void> {
    while (!existsSync(join(this.#folder, 'reached'))) await sleep(20);
  }

  open(): void {
    writeFileSync(join(this.#folder, 'open'), '');
  }
}
