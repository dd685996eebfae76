import { constants, copyFileSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith, describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { AGENTS_BIN } from '../../../apps/cli/test/agents/agent.js';
import type { Conversation, Reply } from '../../../apps/cli/test/agents/model/dialect.js';
import { openaiResponses } from '../../../apps/cli/test/agents/model/openai-responses.js';
import { type ModelServer, startModelServer } from '../../../apps/cli/test/agents/model/server.js';
import { Operator } from './operator.js';

const PROMPT = 'Please run the tool.';
const TOOL = { name: 'exec_command', input: { cmd: 'missing-tool' } };

/** Asks for the tool, and waits for ever where it has the result; where it had asked before, it repeats what came of it. */
class ToolModel {
  isWaiting = false;

  readonly next = async ({ messages, tools }: Conversation): Promise<Reply> => {
    if (tools.length === 0) return { say: 'A title' };
    const at = messages.findLastIndex(({ role, text }) => role === 'user' && text.includes(PROMPT));
    const results = messages.slice(at).filter(({ role }) => role === 'tool');
    if (results.length === 0) return { call: TOOL };
    const before = messages.slice(0, at).filter(({ role }) => role === 'tool');
    if (before.length > 0) return { say: `before: ${before[0]?.text}, now: ${results[0]?.text}` };
    this.isWaiting = true;
    return new Promise(() => {});
  };
}

/** As npm installs it, one program without libraries. */
const [CODEX = join(AGENTS_BIN, 'codex of this machine')] = globSync(
  join(AGENTS_BIN, '../lib/node_modules/@openai/codex/node_modules/@openai/codex-linux-*/vendor/*/bin/codex'),
);

describeWithEngine('a real coding agent in containers', () => {
  describeWith([CODEX], 'codex', () => {
    const operator = new Operator();
    const model = new ToolModel();
    let server: ModelServer;
    beforeAll(async () => {
      makeTestImage();
      server = await startModelServer({ dialect: openaiResponses, key: 'sk-true', next: model.next });
    });
    afterAll(() => server.close());

    it('goes on with its conversation in an image that has the tool it lacked', async () => {
      const host = `host.bot-bottle.internal:${server.port}`;
      const provider = `{ name = "scripted", base_url = "http://${host}/v1", env_key = "OPENAI_API_KEY", wire_api = "responses" }`;
      const agent = {
        command: [
          ...['codex', 'exec', '--dangerously-bypass-approvals-and-sandbox', '--skip-git-repo-check'],
          ...['-c', 'model="scripted"', '-c', 'model_provider="scripted"'],
          ...['-c', `model_providers.scripted=${provider}`],
        ],
        credentials: [{ env: 'OPENAI_API_KEY', host }],
        dockerfile: 'codex/Dockerfile',
      };
      operator.configure({ codex: agent });
      const context = join(operator.root, 'codex');
      mkdirSync(context);
      copyFileSync(CODEX, join(context, 'codex'), constants.COPYFILE_FICLONE);
      writeFileSync(join(context, 'Dockerfile'), `FROM ${TEST_IMAGE}\nCOPY codex /bin/codex\n`);
      operator.env['OPENAI_API_KEY'] = 'sk-true';
      const started = await operator.run([
        ...['start', 'codex', '--detach', '--allow', `${host} private`, '--', PROMPT],
      ]);
      const identity = started.stdout.trim();
      try {
        expect(started).toMatchObject({ code: 0 });
        while (!model.isWaiting) await sleep(50);
        const step = 'RUN echo "echo the tool works" >/bin/missing-tool; chmod 755 /bin/missing-tool';
        operator.env['EDITOR'] = `printf '%s\\n' '${step}' >>`;
        expect(await operator.run(['image', identity, '--edit'])).toMatchObject({ code: 0 });
        const rebuilt = await operator.run(['rebuild', identity, '--yes']);
        expect(rebuilt).toMatchObject({
          code: 0,
          stderr: expect.stringContaining('back: transcript .codex/sessions'),
        });
        expect(rebuilt.stdout).toMatch(/before: .*not found.*, now: .*the tool works/s);
      } finally {
        await operator.run(['rm', '--force', identity]);
      }
      expect(new Set(server.seen.map(({ key }) => key))).toEqual(new Set(['sk-true']));
    });
  });
});
