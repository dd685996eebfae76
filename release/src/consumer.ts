import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { clientEnvironment } from './client.ts';
import { type Attempt, attempt, succeed } from './programs.ts';
import { released } from './released.ts';

/** A user's machine: a Node version, a home folder of its own, and a project without any file but its package.json. */
export class Consumer {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;

  /** @param node the major version of Node that everything here runs on */
  constructor(home: string, node: string) {
    const { registry, nodes } = released();
    const bin = nodes[node];
    if (bin === undefined)
      throw new Error(`no Node ${node}; expected one of ${Object.keys(nodes).join(', ')}`);
    const env = clientEnvironment(home, registry);
    this.env = { ...env, PATH: [bin, env['PATH']].join(delimiter) };
    this.folder = join(home, 'project');
    mkdirSync(this.folder);
    this.write('package.json', '{ "private": true }\n');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs a program in the project. @throws Error with its output where it fails */
  succeed(...command: readonly string[]): Promise<string> {
    return succeed(command, { cwd: this.folder, env: this.env });
  }

  attempt(...command: readonly string[]): Promise<Attempt> {
    return attempt(command, { cwd: this.folder, env: this.env });
  }
}
