import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import { Operator } from './support/cli.js';

describeWith(['bwrap'], 'on a backend without images', () => {
  it.each(['image', 'rebuild'])(
    'bot-bottle %s is refused, and says which backend would have one',
    async command => {
      const operator = new Operator();
      const { identity, dockerfile } = await operator.start('shell', '--', '-c', 'cat');
      try {
        const failed = await operator.run([command, identity, '--json']);
        expect(failed.code).toBe(command === 'rebuild' ? 125 : 1);
        expect(JSON.parse(failed.stderr)).toMatchObject({
          error: {
            code: 'no-images',
            message: expect.stringContaining('the backend "local" builds no images'),
            try: ['bot-bottle start AGENT --backend docker'],
          },
        });
        expect(existsSync(dockerfile)).toBe(false);
      } finally {
        await operator.killAll();
      }
    },
  );

  it('starts no agent that has a Dockerfile', async () => {
    const operator = new Operator();
    mkdirSync(operator.root);
    const agent = { extends: 'shell', dockerfile: 'images/Dockerfile' };
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), JSON.stringify({ agents: { built: agent } }));
    const { code, stderr } = await operator.run(['start', 'built', '--backend', 'local']);
    expect(code).toBe(125);
    expect(stderr).toContain(`agent "built" has a Dockerfile, ${operator.root}/images/Dockerfile`);
    expect(operator.bottles()).toEqual([]);
  });

  it('resumes a bottle that has a Dockerfile of its own, and says that it is not used', async () => {
    const operator = new Operator();
    const { identity, dockerfile } = await operator.start('shell', '--preserve', '--', '-c', 'true');
    await operator.run(['attach', identity]);
    writeFileSync(dockerfile, 'FROM scratch\n');
    const { code, stderr } = await operator.run(['resume', identity]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('NOT back: the image of its own Dockerfile; its backend runs none'),
    ]);
  });
});
