import { mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type LiveConfigChange, liveConfigPaths, writeLiveConfig } from '@bot-bottle/live-config';
import { temporaryFolder } from '@bot-bottle/test-kit';
import type { AuditRecord } from '../src/audit/record.js';
import { type Egress, type EgressOptions, openEgress } from '../src/proxy.js';

/** A proxy under test, and the bottle's side of it: a port of loopback. */
export interface Bottle {
  readonly egress: Egress;
  readonly port: number;
  readonly folder: string;
  /** A new connection to the proxy. */
  dial(): Promise<Socket>;
  /** Writes a policy, and waits until it is in force. */
  allow(change: LiveConfigChange): Promise<void>;
  readonly paths: ReturnType<typeof liveConfigPaths>;
  /** What the audit log holds, once it holds so many records. */
  log(records?: number): Promise<AuditRecord[]>;
  /** From now on the log cannot be written, for a folder has its name; until what is returned is called. */
  breakLog(): () => void;
}

const closing: (() => Promise<void>)[] = [];

/** Starts a proxy with this policy; every name but `*.absent.test` leads to 127.0.0.1. */
export async function startBottle(
  change: LiveConfigChange,
  options: Partial<EgressOptions> = {},
): Promise<Bottle> {
  const folder = temporaryFolder({ memory: true });
  const paths = liveConfigPaths(join(folder, 'live-config'));
  await writeLiveConfig(paths, change);
  const auditFile = join(folder, 'audit', 'test-abcde.egress.jsonl');
  const egress = await openEgress({
    bottle: 'test-abcde',
    liveConfig: paths,
    folder: join(folder, 'egress'),
    auditFile,
    env: {},
    lookup: async name => {
      if (name.endsWith('.absent.test')) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
      return [{ address: '127.0.0.1', family: 4 }];
    },
    ...options,
  });
  const server: Server = createServer({ pauseOnConnect: false }, socket => egress.serve(socket));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const dialled: Socket[] = [];
  closing.push(async () => {
    server.close();
    await egress.close();
    // One that nobody reads does not see its end, and keeps the process of the tests.
    for (const socket of dialled) socket.destroy();
  });
  return {
    egress,
    port,
    folder,
    paths,
    dial: () =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket));
        socket.on('error', reject);
        dialled.push(socket);
      }),
    allow: async next => {
      const { generation } = await writeLiveConfig(paths, next);
      while (egress.applied().generation < generation) await tick();
    },
    breakLog: () => {
      rmSync(auditFile);
      mkdirSync(auditFile);
      return () => rmdirSync(auditFile);
    },
    log: async (records = 0) => {
      for (;;) {
        await tick();
        const lines = readFileSync(auditFile, 'utf8').split('\n').filter(Boolean);
        if (lines.length >= records) return lines.map(line => JSON.parse(line) as AuditRecord);
      }
    },
  };
}

export async function closeBottles(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

export const tick = () => new Promise<void>(resolve => setTimeout(resolve, 5));

/** Everything that comes until the other side ends. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1');
  for await (const chunk of socket) text += chunk;
  return text;
}

/** Reads up to and with this text; what came after it is still to be read. */
export function readUntil(socket: Socket, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onClose = () => reject(new Error(`closed after ${JSON.stringify(text)}`));
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const at = text.indexOf(end);
      if (at < 0) return;
      socket.off('data', onData).off('close', onClose).pause();
      const rest = text.slice(at + end.length);
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
      resolve(text.slice(0, at + end.length));
    };
    socket.on('data', onData).once('close', onClose).resume();
  });
}

/** Sends these bytes on a new connection; everything that comes back. */
export async function exchangeBytes(bottle: Bottle, bytes: string): Promise<string> {
  const socket = await bottle.dial();
  socket.write(bytes, 'latin1');
  return readAll(socket);
}
