import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';

/**
 * What happens at a call of the client's by a keeper. `keeper`: the keeper is killed, and the call is not made. `keeper, call`: it
 * is killed, and the call goes on without it. `client`: the client is killed before it does anything. `client, done`: after it
 * has done it, and before it says so.
 */
export type Fault = 'keeper' | 'keeper, call' | 'client' | 'client, done';

const DEEDS: Readonly<Record<Fault, string>> = {
  keeper: 'kill -9 $PPID; exit 1',
  'keeper, call': 'kill -9 $PPID; exec "$name" "$@"',
  client: 'kill -9 $$',
  'client, done': '"$name" "$@" >/dev/null 2>&1; kill -9 $$',
};

/** A client in front of the real one, with the real engine behind it, which counts the calls of keepers and strikes at one of them. */
export class FaultClient {
  /** For the front of a PATH. */
  readonly folder = temporaryFolder();
  readonly #calls = join(this.folder, 'calls');

  /** @param nth from 1; null: it only counts */
  constructor(fault: Fault, nth: number | null) {
    mkdirSync(this.#calls);
    for (const name of ['docker', 'docker-compose']) {
      const script = `#!/bin/sh
name=${name}
PATH=\${PATH#*:}
case $(tr '\\0' ' ' <"/proc/$PPID/cmdline") in
  *__keeper*) ;;
  *) exec "$name" "$@" ;;
esac
n=1
until mkdir "${this.#calls}/$n" 2>/dev/null; do n=$((n + 1)); done
echo "$name $*" >"${this.#calls}/$n/words"
echo $$ >"${this.#calls}/$n/pid"
[ "$n" = "${nth}" ] || exec "$name" "$@"
${DEEDS[fault]}
`;
      writeFileSync(join(this.folder, name), script, { mode: 0o755 });
    }
  }

  /** Calls of keepers so far. */
  get count(): number {
    return readdirSync(this.#calls).length;
  }

  /** Settles when a call has come to its end, also one that its keeper does not wait for any more. */
  async over(nth: number): Promise<void> {
    const file = join(this.#calls, `${nth}`, 'pid');
    if (!existsSync(file)) return;
    const pid = readFileSync(file, 'utf8').trim();
    while (existsSync(`/proc/${pid}/exe`)) await sleep(20);
  }

  /** What the client was asked at a call; null: there was none. */
  words(nth: number): string | null {
    const file = join(this.#calls, `${nth}`, 'words');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  }
}
