import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { clientInFront } from './client-in-front.js';

/**
 * What happens at a call of the client's by a keeper. `keeper`: the keeper is killed, and the call is not made. `keeper, call`: it
 * is killed, and the call goes on without it. `client`: the client is killed before it does anything. `client, done`: after it
 * has done it, and before it says so.
 */
export type Fault = 'keeper' | 'keeper, call' | 'client' | 'client, done';

const DEEDS: Readonly<Record<Fault, string>> = {
  keeper: 'kill -9 $PPID; exit 1',
  'keeper, call': 'kill -9 $PPID; exec "$client" "$@"',
  client: 'kill -9 $$',
  'client, done': '"$client" "$@" >/dev/null 2>&1; kill -9 $$',
};

/** A client in front of the real one, with the real engine behind it, which counts the calls of keepers and strikes at one of them. */
export class FaultClient {
  readonly #folder = temporaryFolder();
  readonly #calls = join(this.#folder, 'calls');
  /** What a command needs in its environment to go through it. */
  readonly env: Readonly<Record<string, string>>;

  /** @param nth from 1; null: it only counts */
  constructor(fault: Fault, nth: number | null) {
    mkdirSync(this.#calls);
    this.env = clientInFront(
      this.#folder,
      `case $(tr '\\0' ' ' <"/proc/$PPID/cmdline") in
  *__keeper*) ;;
  *) exec "$client" "$@" ;;
esac
n=1
until mkdir "${this.#calls}/$n" 2>/dev/null; do n=$((n + 1)); done
echo "\${client##*/} $*" >"${this.#calls}/$n/words"
echo $$ >"${this.#calls}/$n/pid"
[ "$n" = "${nth}" ] || exec "$client" "$@"
${DEEDS[fault]}
`,
    );
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
