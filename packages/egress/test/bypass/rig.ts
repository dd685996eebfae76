import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { liveConfigPaths, writeLiveConfig } from '@bot-bottle/live-config';
import { temporaryFolder } from '@bot-bottle/test-kit';
import type { AuditRecord } from '../../src/audit/record.js';
import { type Egress, type Limits, openEgress, readAuditLog, waitUntilApplied } from '../../src/index.js';
import { originAuthority } from '../origin.js';
import type { Control } from './naive-proxy.js';
import { Wire } from './wire.js';
import { Witness } from './witness.js';

/** Where the names of the tests lead; any other name leads to the forbidden origin. */
const ALLOWED_ADDRESS = '127.0.0.2';
const FORBIDDEN_ADDRESS = '127.0.0.1';

export interface RigOptions {
  /** `PORT` stands for the port of both origins. */
  readonly allowlist?: string;
  readonly routes?: string;
  /** Other addresses for names, each the list of answers in turn, the last one for good. */
  readonly answers?: Readonly<Record<string, readonly string[]>>;
  readonly env?: Record<string, string>;
  readonly limits?: Partial<Limits>;
  /** What a look-up waits for before it answers. */
  readonly gate?: Promise<void>;
  readonly allowed?: () => Witness;
  /** In the place of ours. */
  readonly control?: Control;
}

export const ALLOWLIST = 'allowed.example\nallowed.example:PORT private\n*.wild.example:PORT private\n';

/**
 * A bottle's proxy in this process, behind real sockets, with two origins on one port: the allowed one on 127.0.0.2, and the forbidden
 * one on 127.0.0.1 and ::1.
 */
export class Rig {
  /** Names that were looked up, in order. */
  readonly lookups: string[] = [];
  readonly allowed: Witness;
  readonly forbidden = new Witness('forbidden');
  /** Of both origins. */
  originPort = 0;
  egress: Egress | undefined;
  readonly #folder = temporaryFolder();
  readonly #options: RigOptions;
  readonly #wires: Wire[] = [];
  readonly #sockets = new Set<Socket>();
  #front: Server | undefined;

  private constructor(options: RigOptions) {
    this.#options = options;
    this.allowed = options.allowed?.() ?? new Witness('allowed');
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    rig.originPort = await rig.forbidden.listen(FORBIDDEN_ADDRESS);
    await rig.forbidden.listen('::1', rig.originPort);
    await rig.allowed.listen(ALLOWED_ADDRESS, rig.originPort);
    await rig.#open();
    return rig;
  }

  /** `PORT` in a text becomes the origins' port. */
  text(template: string): string {
    return template.replaceAll('PORT', String(this.originPort));
  }

  async wire(): Promise<Wire> {
    const address = this.#front?.address();
    if (!address || typeof address === 'string') throw new Error('no proxy');
    const wire = await Wire.open(address.port);
    this.#wires.push(wire);
    return wire;
  }

  /** Changes the policy; resolves when it is in force. */
  async apply(change: { allowlist?: string; routes?: string }): Promise<void> {
    const { generation } = await this.#write(change);
    await waitUntilApplied(this.#egressFolder, generation, {
      signal: AbortSignal.timeout(10_000),
      pid: process.pid,
    });
  }

  /** The audit log; complete once `close` has resolved. */
  log(): AuditRecord[] {
    return [...readAuditLog(this.#auditFile)];
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.close();
    await this.egress?.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#front?.close(resolve));
    await this.allowed.close();
    await this.forbidden.close();
  }

  async #open(): Promise<void> {
    const { control, env, limits, allowlist = ALLOWLIST, routes } = this.#options;
    if (control) this.#front = control(this.#lookup);
    else {
      await this.#write({ allowlist, ...(routes !== undefined && { routes }) });
      const egress = await openEgress({
        bottle: 'tester-abcde',
        liveConfig: this.#liveConfig,
        folder: this.#egressFolder,
        auditFile: this.#auditFile,
        lookup: this.#lookup,
        roots: [(await originAuthority()).certificate],
        ...(env && { env }),
        ...(limits && { limits }),
      });
      this.egress = egress;
      // As the keeper takes connections from the bottle.
      this.#front = createServer({ allowHalfOpen: true }, socket => egress.serve(socket));
    }
    this.#front.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket)));
    });
    this.#front.listen(0, '127.0.0.1');
    await once(this.#front, 'listening');
  }

  #write({ allowlist, routes }: { allowlist?: string; routes?: string }) {
    return writeLiveConfig(this.#liveConfig, {
      ...(allowlist !== undefined && { allowlist: this.text(allowlist) }),
      ...(routes !== undefined && { routes: this.text(routes) }),
    });
  }

  readonly #lookup = async (name: string) => {
    const asked = this.lookups.push(name) - this.lookups.indexOf(name) - 1;
    await this.#options.gate;
    const own = /^(allowed|x\.wild)\.example\.?$/i.test(name) ? [ALLOWED_ADDRESS] : [FORBIDDEN_ADDRESS];
    const answers = this.#options.answers?.[name] ?? own;
    const answer = answers[Math.min(asked, answers.length - 1)] ?? '';
    return answer.split(' ').map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

  get #liveConfig() {
    return liveConfigPaths(join(this.#folder, 'live-config'));
  }
  get #egressFolder() {
    return join(this.#folder, 'egress');
  }
  get #auditFile() {
    return join(this.#folder, 'audit', 'tester-abcde.egress.jsonl');
  }
}
