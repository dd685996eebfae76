import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditLog } from '@bot-bottle/state-paths';
import { describeWith } from '@bot-bottle/test-kit';
import { keeperOf, type Outcome, until } from '../support/cli.js';
import { AGENTS_BIN, type Agent } from './agent.js';
import { type Desk, FORBIDDEN, git, LEAKED, MADE, PROMPT, SEARCHED, useDesks } from './desk.js';
import { INTERRUPTIONS } from './interruptions.js';
import type { Message } from './model/dialect.js';
import { FINISHED, REMEMBERED } from './model/script.js';

const PROGRAMS = ['bwrap', 'git', 'curl', 'openssl'];
/** Milliseconds for a test of up to two runs, of which the slowest agent takes 6 seconds each on a machine of its own. */
const LIMIT_MS = 120_000;

/** What a real coding agent can do in a bottle, and what it cannot. */
export function describeAgent(agent: Agent): void {
  const title = `${agent.name}${agent.overWebSocket ? ' over WebSocket' : ''} in a bottle`;
  describeWith([...PROGRAMS, join(AGENTS_BIN, agent.name)], title, () => {
    const open = useDesks(agent);

    it.each([
      ['in plain HTTP', false],
      ["over TLS that the bottle's own authority ends", true],
    ])(
      'does its work with a key that it never has, %s',
      async (_, tls) => {
        const desk = await open({ tls });
        const outcome = await desk.operator.run(['start', ...desk.start]);
        expectSaid(outcome, FINISHED);
        expectWork(desk);
        expectDenials(desk);
        expect(methodsOfTurns(desk)).toEqual(new Set([agent.overWebSocket ? 'WEBSOCKET' : 'POST']));
        expectKeyUsed(desk);
        expectKeyNowhere(desk, outcome);
      },
      LIMIT_MS,
    );

    it.each(INTERRUPTIONS)(
      'goes on with its conversation after %s',
      async (_, interrupt) => {
        const desk = await open();
        desk.model.thinks = true;
        const bottle = await desk.operator.start(...desk.start);
        await until(() => desk.model.isThinking || keeperOf(bottle) === null, 40_000);
        const before = lastConversation(desk);
        // What it has not written yet, nothing can bring back.
        await until(() => filesWith(SEARCHED, bottle.home) !== '');
        await interrupt(desk.operator, bottle);
        desk.model.thinks = false;
        const outcome = await desk.operator.run(['resume', bottle.identity, '--preserve']);
        expectSaid(outcome, REMEMBERED);
        const after = lastConversation(desk);
        // Once each: Gemini CLI repeats them.
        expect([...new Set(resultsIn(after))]).toEqual(resultsIn(before));
        expect([before, after].map(promptsIn)).toEqual([1, 2]);
        expectWork(desk);
        expectKeyUsed(desk);
        expectKeyNowhere(desk, outcome);
      },
      LIMIT_MS,
    );
  });
}

/** That the promises above would be seen broken: an agent that is set up the usual way breaks them. */
export function describeControls(agent: Agent): void {
  describeWith(
    [...PROGRAMS, join(AGENTS_BIN, agent.name)],
    `${agent.name} in a bottle, set up the usual way`,
    () => {
      const open = useDesks(agent);

      it('finds the key that is passed to it in its environment', async () => {
        const desk = await open({ definition: { credentials: [], passEnv: [agent.keyVariable] } });
        expectSaid(await desk.operator.run(['start', ...desk.start]), FINISHED);
        expect(resultsIn(lastConversation(desk)).at(-1)).toContain(LEAKED);
      });

      it('begins anew where nothing tells it to go on', async () => {
        const desk = await open({ definition: { resumeArgs: [] } });
        expectSaid(await desk.operator.run(['start', ...desk.start]), FINISHED);
        const { identity } = desk.operator.onlyBottle();
        expectSaid(await desk.operator.run(['resume', identity, '--preserve']), FINISHED);
        expect(promptsIn(lastConversation(desk))).toBe(1);
      });

      it('is refused by its model with the placeholder alone', async () => {
        const desk = await open({
          definition: { credentials: [], setEnv: { [agent.keyVariable]: 'placeholder' } },
        });
        const { code, stdout } = await desk.operator.run(['start', ...desk.start]);
        expect([code, stdout]).toEqual([1, expect.stringContaining('401')]);
        expect(new Set(desk.server.seen.map(({ key }) => key))).toEqual(new Set(['placeholder']));
      });
    },
  );
}

function expectSaid({ code, stdout, stderr }: Outcome, text: string): void {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}${stdout}`);
  expect(stdout).toContain(text);
}

/** The edit and the commit are in the operator's repository, and nothing else is. */
function expectWork(desk: Desk): void {
  expect(readFileSync(join(desk.project, MADE.file), 'utf8')).toBe(MADE.content);
  expect(git(desk.project, 'log', '--format=%s')).toBe(`${MADE.subject}\nBegin`);
  expect(git(desk.project, 'status', '--short')).toBe('');
}

/** The agent was told that, and by what command, the operator may allow it; and so was the log. */
function expectDenials(desk: Desk): void {
  const { root, identity } = desk.operator.onlyBottle();
  const [, , plain = '', tunnelled = ''] = resultsIn(lastConversation(desk));
  expect(plain).toContain('403');
  expect(plain).toContain(`bot-bottle allow ${identity} ${FORBIDDEN}`);
  expect(tunnelled).toContain('403');
  expect(tunnelled).toContain('Proxy-Status: bot-bottle; error=http_request_denied');
  const denied = { event: 'denied', bottle: identity, host: FORBIDDEN, rule: 'host-not-allowed' };
  const log = readFileSync(auditLog(root, identity, 'egress'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(log.map(line => JSON.parse(line)).filter(({ host }) => host === FORBIDDEN)).toMatchObject([
    { ...denied, port: 80, method: 'GET', path: '/plain' },
    { ...denied, port: 443, method: 'CONNECT' },
  ]);
}

/** The model's service saw the true key on every request; any other it would have refused. */
function expectKeyUsed({ server, key }: Desk): void {
  expect(server.seen).not.toEqual([]);
  expect(new Set(server.seen.map(request => request.key))).toEqual(new Set([key]));
}

/**
 * The key is in no file of the operator's home (with all of the root folder: state, agent's home, logs) or of the project, in
 * nothing that was printed, sent to the model, or found by the agent's own search; such searches do find what is there.
 */
function expectKeyNowhere(desk: Desk, { stdout, stderr }: Outcome): void {
  const { operator, project, server, key } = desk;
  expect(filesWith(PROMPT, operator.home)).not.toBe('');
  expect(filesWith(key, operator.home, project)).toBe('');
  const sent = JSON.stringify(server.seen.map(({ conversation }) => conversation));
  expect(stdout + stderr + sent).not.toContain(key);
  expect(resultsIn(lastConversation(desk)).at(-1)).toContain(SEARCHED);
}

/** Names of the files below the folders that hold a text, one a line. */
function filesWith(text: string, ...folders: readonly string[]): string {
  return spawnSync('grep', ['-raslF', '--devices=skip', text, ...folders], { encoding: 'utf8' }).stdout;
}

function methodsOfTurns({ server }: Desk): Set<string> {
  return new Set(server.seen.filter(({ conversation }) => conversation).map(({ method }) => method));
}

function lastConversation({ server }: Desk): readonly Message[] {
  return server.seen.findLast(({ conversation }) => conversation?.tools.length)?.conversation?.messages ?? [];
}

function resultsIn(messages: readonly Message[]): string[] {
  return messages.filter(({ role }) => role === 'tool').map(({ text }) => text);
}

function promptsIn(messages: readonly Message[]): number {
  return messages.filter(({ role, text }) => role === 'user' && text.includes(PROMPT)).length;
}
