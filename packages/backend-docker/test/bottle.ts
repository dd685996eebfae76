import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleSpec, LaunchHost, Terminal } from '@bot-bottle/backend';
import { TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { type DockerOptions, dockerBackend } from '../src/docker.js';

/** An adapter on the tests' image. */
export function backendOf(options: DockerOptions = {}) {
  return dockerBackend({ image: TEST_IMAGE, ...options });
}

/** A bottle on folders of its own. */
export function specOf(identity: string, changes: Partial<BottleSpec> = {}): BottleSpec {
  const root = temporaryFolder();
  const folder = (name: string) => {
    mkdirSync(join(root, name), { mode: 0o700 });
    return join(root, name);
  };
  return {
    identity: identity as BottleSpec['identity'],
    agentName: 'test',
    stateFolder: join(root, 'adapter'),
    command: ['true'],
    env: {},
    workspace: { kind: 'empty', source: folder('workspace'), target: '/workspace' },
    home: { source: folder('home'), target: '/home/agent' },
    limits: {},
    labels: {},
    ...changes,
  };
}

/** Runs a bottle to its end, and returns what it showed. */
export async function outputOf(spec: BottleSpec, host = ptyHost(), backend = backendOf()): Promise<string> {
  try {
    const { terminal, exited } = await backend.launch(await backend.prepare(spec), host);
    const chunks: Uint8Array[] = [];
    terminal.onData(chunk => chunks.push(chunk));
    await exited;
    return Buffer.concat(chunks).toString();
  } finally {
    await backend.destroy(spec);
  }
}

export const shell = (script: string) => ['sh', '-c', script];

/** A host with a proxy that denies everything, by its own name. */
export function hostNamed(name: string): LaunchHost {
  return {
    openTerminal: command => ptyHost().openTerminal(command),
    serveEgress: connection => {
      connection.on('error', () => {});
      connection.once('data', () => connection.end(`HTTP/1.1 403 Forbidden\r\n\r\ndenied by ${name}\n`));
    },
  };
}

/** Settles when the terminal has shown the text. */
export function shows(terminal: Pick<Terminal, 'onData'>, text: string): Promise<void> {
  return new Promise(resolve => {
    let seen = '';
    terminal.onData(chunk => {
      seen += Buffer.from(chunk);
      if (seen.includes(text)) resolve();
    });
  });
}
