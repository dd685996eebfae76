import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { certify } from '../support/certificate.js';
import { Operator } from '../support/cli.js';
import { AGENTS_BIN, type Agent } from './agent.js';
import type { ToolCall } from './model/dialect.js';
import { ScriptedModel } from './model/script.js';
import { type ModelServer, startModelServer } from './model/server.js';

/** The name by which a bottle reaches the host's loopback. */
const HOST = 'host.bot-bottle.internal';

export const PROMPT = 'Please make the file, commit it and look around.';
/** No allowlist names it. */
export const FORBIDDEN = 'forbidden.example';
/** What the agent's own search says in the end. */
export const SEARCHED = 'key nowhere, placeholder found';
export const LEAKED = 'key found, placeholder found';
export const MADE = { file: 'made.txt', content: 'made by the agent\n', subject: 'Make a file' };

/** An operator with a project, an agent that is set up for it, and the agent's model on the host's loopback. */
export interface Desk {
  readonly operator: Operator;
  /** A git repository with one commit. */
  readonly project: string;
  readonly model: ScriptedModel;
  readonly server: ModelServer;
  /** The key that the model's service accepts, and no other. */
  readonly key: string;
  /** Starts the agent with its task, in a bottle that is kept. */
  readonly start: readonly string[];
}

export interface DeskOptions {
  /** The model speaks TLS, with a certificate of an authority that only the operator trusts. */
  readonly tls?: boolean;
  /** Changes of the agent's definition. */
  readonly definition?: object;
}

/** Opens desks for the tests of a block; what a test left is ended behind it. */
export function useDesks(agent: Agent): (options?: DeskOptions) => Promise<Desk> {
  const desks: Desk[] = [];
  afterEach(async () => {
    for (const { operator, server } of desks.splice(0)) {
      await operator.killAll();
      await server.close();
    }
  });
  return async options => {
    const desk = await openDesk(agent, options);
    desks.push(desk);
    return desk;
  };
}

async function openDesk(agent: Agent, options: DeskOptions = {}): Promise<Desk> {
  const project = makeProject(agent);
  const key = `sk-true-${randomBytes(16).toString('hex')}`;
  const model = new ScriptedModel(PROMPT, callsOf(agent, project));
  const certificate = options.tls ? certify(HOST) : undefined;
  const server = await startModelServer({
    dialect: agent.dialect,
    key,
    next: model.next,
    ...(certificate ? { tls: certificate } : {}),
  });
  const scheme = certificate ? 'https' : 'http';
  const hostInside = `${HOST}:${server.port}`;
  const settings = agent.settings({
    url: `${scheme}://127.0.0.1:${server.port}`,
    urlInside: `${scheme}://${hostInside}`,
    hostInside,
  });
  const operator = new Operator({
    env: {
      PATH: [AGENTS_BIN, process.env['PATH']].join(delimiter),
      [agent.keyVariable]: key,
      ...settings.env,
      ...(certificate ? { NODE_EXTRA_CA_CERTS: certificate.authority } : {}),
    },
  });
  mkdirSync(operator.root, { mode: 0o700 });
  writeFileSync(
    join(operator.root, 'bot-bottle.yaml'),
    JSON.stringify({ agents: { [agent.name]: { ...settings.definition, ...options.definition } } }),
  );
  const start = [agent.name, '--cwd', project, '--preserve', ...(settings.options ?? [])];
  return { operator, project, model, server, key, start: [...start, '--', ...agent.task(PROMPT)] };
}

/** What the model asks for: an edit, a commit, two forbidden fetches, and a search for the key that it must not find. */
function callsOf({ tools, keyVariable }: Agent, project: string): ToolCall[] {
  return [
    tools.write(join(project, MADE.file), MADE.content),
    tools.run(`git add ${MADE.file} && git commit --quiet --message='${MADE.subject}' && git log --oneline`),
    tools.run(`curl --silent --show-error --include "http://${FORBIDDEN}/plain?query"`),
    tools.run(`curl --silent --show-error --include "https://${FORBIDDEN}/tunnelled"`),
    tools.run(searchFor(keyVariable)),
  ];
}

/**
 * Looks wherever an agent could for a key, by a pattern that does not match itself; and, to show that it looks at all, for
 * the placeholder in its stead.
 */
function searchFor(variable: string): string {
  const places = '/proc/[0-9]*/environ /proc/[0-9]*/cmdline /run /tmp /etc "$HOME" "$PWD"';
  const search = (what: string) =>
    `if grep -raqs --devices=skip ${what} ${places}; then printf found; else printf nowhere; fi`;
  const key = search("-E 'sk-true-[0-9a-f]{32}'");
  return `printf 'key '; ${key}; printf ', placeholder '; ${search(`-F "$${variable}"`)}`;
}

function makeProject(agent: Agent): string {
  const folder = join(temporaryFolder(), 'project');
  for (const [name, content] of Object.entries({ 'README.md': 'A project.\n', ...agent.projectFiles })) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'config', 'user.name', 'Operator');
  git(folder, 'config', 'user.email', 'operator@example.org');
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '--message=Begin');
  return folder;
}

/** git in a project of the operator's, without the tester's own configuration. */
export function git(project: string, ...args: readonly string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return execFileSync('git', args, { cwd: project, encoding: 'utf8', env }).trim();
}
