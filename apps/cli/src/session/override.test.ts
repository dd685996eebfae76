import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageBuilder } from '@bot-bottle/backend';
import { memoryBackend } from '@bot-bottle/backend/conformance';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { BUILT_IN_AGENTS } from '../agents/builtin.js';
import { builderOf } from './image.js';
import { originalOf, overridePatch } from './override.js';

const [agent] = BUILT_IN_AGENTS;
if (agent === undefined) throw new Error('there is no built-in agent');
const builder: ImageBuilder = builderOf(memoryBackend(), 'a bottle');

describe('what an override starts from', () => {
  it("is its agent's Dockerfile, with the context of that", () => {
    const context = temporaryFolder();
    const path = join(context, 'Dockerfile');
    writeFileSync(path, 'FROM base\n');
    const original = originalOf({ ...agent, image: 'x', dockerfile: { path, context } }, builder);
    expect(original).toEqual({ text: 'FROM base\n', path, context });
  });

  it('is the image that its agent names, else the default one of its backend', () => {
    const named = originalOf({ ...agent, image: 'my/agent:1' }, builder);
    expect(named).toEqual({ text: 'FROM my/agent:1\n', path: null, context: null });
    expect(originalOf(agent, builder).text).toBe(`FROM ${builder.defaultImage}\n`);
  });

  it('is told of where it cannot be read', () => {
    const context = temporaryFolder();
    const path = join(context, 'absent');
    expect(() => originalOf({ ...agent, dockerfile: { path, context } }, builder)).toThrow(
      expect.objectContaining({
        code: 'no-dockerfile',
        message: expect.stringContaining(path),
        remedy: expect.stringContaining(path),
      }),
    );
  });
});

describe('the difference of an override', () => {
  it.each([null, 'FROM a\n'])('is empty for %j', override => {
    expect(overridePatch('FROM a\n', override)).toBe('');
  });

  it('is a patch without a heading of its own', () => {
    expect(overridePatch('FROM a\n', 'FROM a\nRUN b\n')).toBe(
      '--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,1 +1,2 @@\n FROM a\n+RUN b\n',
    );
  });
});
