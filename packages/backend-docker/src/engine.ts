import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { BackendError } from '@bot-bottle/backend';
import { clientSocket } from './client-socket.js';
import { type CommandOptions, type CommandResult, type Environment, runCommand } from './command.js';
import { composeOnPath, composePlugin } from './compose-command.js';
import { askApi, NoAnswer } from './engine-api.js';

/**
 * Milliseconds that a question may take, and a change: an engine that hangs is one clear error, not a bottle that hangs. And both, once
 * the engine has kept somebody waiting in vain and until it answers: taking back must not wait as long again.
 */
const PATIENCE = { askMs: 15_000, changeMs: 60_000, hungMs: 3_000 };
/** A daemon whose container runtime hangs answers questions still, and makes no change. */
type Kind = 'question' | 'change';
const CLIENT = 'docker';
/** What the client and both versions of Compose say of an engine that they do not reach. A registry's refusals are others. */
const UNREACHABLE =
  /cannot connect to the docker daemon|failed to connect to the docker api|couldn't connect to docker daemon|error while fetching server api version|permission denied while trying to connect|error during connect: /i;

interface RunOptions {
  /** For what takes as long as it takes, and says nothing of the engine's health. */
  readonly timeoutMs?: number;
  readonly input?: Readable;
  readonly firstLine?: boolean;
}

/** What the operator's environment says of projects of their own (docs.docker.com/compose/how-tos/environment-variables/envvars). */
const OF_OTHER_PROJECTS = /^COMPOSE_(FILE|PROJECT_NAME|PROFILES|ENV_FILES|(IGNORE|REMOVE)_ORPHANS)$/;

/** How Compose is called here. */
export interface ComposeCommand {
  readonly words: readonly string[];
  /** Whether a container may be created that shares the network of one at rest. v1 gives it another network. */
  readonly sharesAtRest: boolean;
}

interface FollowOptions extends RunOptions {
  readonly timeoutMs: number;
  /** Takes what the client says, line by line and without control sequences. */
  readonly onLine: (line: string) => void;
  /** Ends it; it then rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** An engine refused something that it was asked. The message is what it said last. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
}

/**
 * Docker, or Podman by its Docker-compatible API, through the ordinary client: contexts, DOCKER_HOST and credentials are as the
 * operator has them. `get` alone goes to the socket that the client would use. All methods throw BackendError `unavailable` where the
 * engine is missing, down or hung, else EngineRefusal.
 */
export class Engine {
  readonly env: Environment;
  #compose: Promise<ComposeCommand> | null = null;
  readonly #patience: typeof PATIENCE;
  /** Of what the last one was in vain. */
  readonly #hung = new Set<Kind>();

  constructor(env: Environment, patience: Partial<typeof PATIENCE> = {}) {
    this.env = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_OTHER_PROJECTS.test(name)));
    this.#patience = { ...PATIENCE, ...patience };
  }

  /** The client's whole environment, for the one that runs on a terminal. */
  get clientEnvironment(): Record<string, string> {
    const kept = Object.entries(this.env).filter(([name]) => /^(PATH|HOME|DOCKER_\w+|XDG_\w+)$/.test(name));
    return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  }

  /** A question, answered quickly or not at all. */
  async ask(...args: string[]): Promise<string> {
    return (await this.askBytes(...args)).toString();
  }

  /**
   * What the engine's API answers to a GET, without a client's process in between. Null: ask the client the same, which alone knows
   * where the engine is, or what it refuses.
   */
  async get(path: string): Promise<unknown> {
    const socket = clientSocket(this.env);
    if (socket === null) return null;
    const timeoutMs = this.#patienceFor('question');
    try {
      const answer = await askApi(socket, path, timeoutMs);
      if (answer !== null) this.#note('question', 'done');
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.#note('question', 'hung');
      throw hung(`unix://${socket}`, timeoutMs);
    }
  }

  async askBytes(...args: string[]): Promise<Buffer> {
    return this.#run(CLIENT, args, 'question');
  }

  async change(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return (await this.#run(CLIENT, args, 'change', options)).toString();
  }

  /** A change that takes long and tells of itself. */
  async follow(args: readonly string[], options: FollowOptions): Promise<void> {
    await this.#run(CLIENT, args, 'change', options);
  }

  /** The first line that a container shows which the client starts or enters. Then the client is ended, and the container goes on. */
  async firstLine(args: readonly string[]): Promise<string> {
    const shown = await this.#run(CLIENT, args, 'change', { firstLine: true });
    return shown.toString().split('\n')[0]?.trim() ?? '';
  }

  /** Compose v2 where there is one, else v1. */
  async compose(args: readonly string[]): Promise<string> {
    const [file = '', ...words] = (await this.composeCommand()).words;
    return (await this.#run(file, [...words, ...args], 'change')).toString();
  }

  composeCommand(): Promise<ComposeCommand> {
    this.#compose ??= this.#findCompose();
    this.#compose.catch(() => {
      this.#compose = null;
    });
    return this.#compose;
  }

  async #findCompose(): Promise<ComposeCommand> {
    const plugin = composePlugin(this.env);
    if (plugin !== null) return { words: [plugin], sharesAtRest: true };
    const elsewhere = await this.#spawn(CLIENT, ['compose', 'version'], { timeoutMs: this.#patience.askMs });
    if (elsewhere.code === 0) return { words: [CLIENT, 'compose'], sharesAtRest: true };
    const other = composeOnPath(this.env);
    if (other !== null) return { words: [other], sharesAtRest: false };
    throw new BackendError(
      'unavailable',
      'there is no Compose: neither "docker compose" nor "docker-compose" runs',
      {
        remedy: 'apt-get install docker-compose',
      },
    );
  }

  async #run(
    file: string,
    args: readonly string[],
    kind: Kind,
    options: Partial<FollowOptions> = {},
  ): Promise<Buffer> {
    const timeoutMs = options.timeoutMs ?? this.#patienceFor(kind);
    const { code, stdout, stderr, timedOut } = await this.#spawn(file, args, { ...options, timeoutMs });
    const done = code === 0 || (options.firstLine === true && stdout.includes('\n'));
    if (options.timeoutMs === undefined) this.#note(kind, timedOut ? 'hung' : done ? 'done' : 'refused');
    if (timedOut) throw hung(await this.#address(), timeoutMs);
    if (done) return stdout;
    // What it was to do is done or not: nobody knows, and nothing may be concluded from it.
    if (code === null) throw killed(file, args);
    const said = lastLine(stderr) || `${file} ended with ${code}`;
    if (UNREACHABLE.test(stderr)) throw unreachable(said);
    throw new EngineRefusal(said);
  }

  #patienceFor(kind: Kind): number {
    const { askMs, changeMs, hungMs } = this.#patience;
    const patienceMs = kind === 'question' ? askMs : changeMs;
    return this.#hung.has('question') || this.#hung.has(kind) ? Math.min(patienceMs, hungMs) : patienceMs;
  }

  /** Only a change that was made shows that more than the daemon answers: a refusal may be its own. */
  #note(kind: Kind, outcome: 'done' | 'refused' | 'hung'): void {
    if (outcome === 'hung') {
      this.#hung.add(kind);
      return;
    }
    this.#hung.delete('question');
    if (kind === 'change' && outcome === 'done') this.#hung.delete('change');
  }

  /** Where the client looks for it; no engine is asked for that. */
  async #address(): Promise<string> {
    const format = '{{.Endpoints.docker.Host}}';
    const asked = await this.#spawn(CLIENT, ['context', 'inspect', '--format', format], {
      timeoutMs: this.#patience.hungMs,
    });
    return asked.stdout.toString().trim() || 'the address of your context';
  }

  async #spawn(
    file: string,
    args: readonly string[],
    options: Omit<CommandOptions, 'env'>,
  ): Promise<CommandResult> {
    try {
      return await runCommand(file, args, { env: this.env, ...options });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      throw new BackendError('unavailable', `${file} is not installed; expected it on your PATH`, {
        cause,
        remedy: 'apt-get install docker.io docker-compose',
      });
    }
  }
}

function hung(address: string, timeoutMs: number): BackendError {
  return new BackendError(
    'unavailable',
    `the engine at ${address} hangs: no answer within ${timeoutMs / 1000} seconds`,
    { remedy: 'systemctl restart docker' },
  );
}

function killed(file: string, args: readonly string[]): BackendError {
  return new BackendError(
    'unavailable',
    `${basename(file)} was killed before it had its answer (${args[0] ?? ''})`,
    {
      remedy: 'docker info',
    },
  );
}

function unreachable(said: string): BackendError {
  const denied = /permission denied/i.test(said);
  return new BackendError(
    'unavailable',
    denied ? `you may not use the engine: ${said}` : `the engine is down: ${said}`,
    {
      remedy: denied
        ? 'sudo usermod --append --groups docker "$USER"   # then log in again'
        : 'systemctl start docker',
    },
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
