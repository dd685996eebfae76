import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { clientInFront } from './client-in-front.js';

/**
 * A client in front of the real one, which kills the operator's command with SIGKILL at one of the calls: one of the command's own,
 * which is then made or not, or one of the keeper's that it waits for, which goes on.
 */
export class KillingClient {
  readonly #folder = temporaryFolder();
  readonly #struck = join(this.#folder, 'struck');
  /** What a command needs in its environment to be killed. */
  readonly env: Readonly<Record<string, string>>;

  /** @param nth from 1, of all calls of the command and its keeper */
  constructor(nth: number, made: boolean) {
    const calls = join(this.#folder, 'calls');
    mkdirSync(calls);
    this.env = clientInFront(
      this.#folder,
      `command=$PPID
case $(tr '\\0' ' ' <"/proc/$PPID/cmdline") in
  *__keeper*) kept=kept; command=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$PPID/status") ;;
esac
n=1
until mkdir "${calls}/$n" 2>/dev/null; do n=$((n + 1)); done
if [ "$n" = "${nth}" ]; then
  case $(tr '\\0' ' ' <"/proc/$command/cmdline") in
    *bot-bottle.cjs*) echo "\${client##*/} $*" >"${this.#struck}"; echo "$kept" >"${calls}/kept"; kill -9 "$command"; ${made ? '' : '[ "$kept" ] || exit 1'} ;;
  esac
fi
exec "$client" "$@"
`,
    );
  }

  /** The call at which the command was killed; null: it was not. */
  get struck(): string | null {
    return existsSync(this.#struck) ? readFileSync(this.#struck, 'utf8').trim() : null;
  }

  /** It was a call of the keeper's. */
  get waiting(): boolean {
    return readFileSync(join(this.#folder, 'calls/kept'), 'utf8').trim() !== '';
  }
}
