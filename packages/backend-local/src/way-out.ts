import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaunchHost } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { type Gate, makeGate } from './gate.js';
import { openListener } from './listener.js';
import { readIfPresent } from './record.js';
import type { Scratch } from './scratch.js';

/** Milliseconds between two looks at whether bubblewrap has made the namespaces. */
const POLL = 1;

/** Where the bottle finds its way out. */
export function addressOf({ port }: { readonly port: number }): string {
  return `127.0.0.1:${port}`;
}

/** The one way out of one launched bottle: bubblewrap waits at a gate until it is there and proven, and it ends with the bottle. */
export class WayOut {
  readonly #egress: { readonly port: number };
  readonly #serve: NonNullable<LaunchHost['serveEgress']>;
  readonly #nsenter: string;
  readonly #status: string;
  readonly #gate: Gate;
  #listener: Server | null = null;

  /** @throws BackendError `launch-failed` */
  constructor(
    egress: { readonly port: number },
    host: LaunchHost,
    { nsenter, scratch }: { readonly nsenter: string; readonly scratch: Scratch },
  ) {
    if (host.serveEgress === undefined) {
      throw new BackendError('launch-failed', 'the host serves no way out, and the bottle is to have one');
    }
    this.#egress = egress;
    this.#serve = connection => host.serveEgress?.(connection);
    this.#nsenter = nsenter;
    this.#status = scratch.status;
    this.#gate = makeGate(scratch.folder);
  }

  /** The file of the gate, for the launch script. */
  get gate(): string {
    return this.#gate.path;
  }

  /** Does nothing for a sandbox that has ended. @throws BackendError `isolation-failed` */
  async open(hasEnded: () => boolean): Promise<void> {
    let pid = this.#sandboxProcess();
    for (; pid === null && !hasEnded(); pid = this.#sandboxProcess()) await sleep(POLL);
    if (pid === null) return;
    const options = { nsenter: this.#nsenter, pid, port: this.#egress.port, serve: this.#serve };
    this.#listener = await openListener(options).catch((error: unknown) => {
      if (hasEnded()) return null;
      throw error;
    });
    if (hasEnded()) this.close();
    else this.#gate.open(`${addressOf(this.#egress)}\n`);
  }

  /** Lets go of the gate: a bottle that waits there is not started. */
  letGo(): void {
    this.#gate.close();
  }

  /** What is connected stays, until either side ends it. */
  close(): void {
    this.#listener?.close();
  }

  /** bubblewrap says it as soon as there is one, in its own namespaces, and before it builds anything. */
  #sandboxProcess(): number | null {
    const [, pid] = /"child-pid": (\d+)/.exec(readIfPresent(this.#status) ?? '') ?? [];
    return pid === undefined ? null : Number(pid);
  }
}
