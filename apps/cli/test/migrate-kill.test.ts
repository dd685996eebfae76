import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, killAtEachSyscall, temporaryFolder } from '@bot-bottle/test-kit';
import { BUNDLE, Operator } from './support/cli.js';

/** Every step of a migration is one of these. */
const STEPS = ['rename', 'unlink', 'rmdir'];

describeWith(['bwrap', 'strace'], 'a migration that is killed', () => {
  it('at any step leaves a bottle that is whole, and the next one finishes it', async () => {
    const operator = new Operator();
    mkdirSync(operator.root);
    const local = join(__dirname, '../../../packages/backend-local/dist/index.cjs');
    // The probe's sandbox is none of these steps; the resume at the end is one.
    const twin = `const { localBackend } = require(${JSON.stringify(local)});
      const probe = async () => ({ available: true, version: '', limits: {}, notes: [] });
      exports.createBackend = () => ({ ...localBackend(), name: 'twin', probe });`;
    writeFileSync(join(operator.root, 'twin.cjs'), twin);
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'backends: { twin: ./twin.cjs }\n');
    await operator.run(['start', 'shell', '--preserve', '--', '-c', 'echo work >>made']);
    const bottle = operator.onlyBottle();
    // What an agent that ended with its keeper leaves of its sandbox.
    const scratch = join(bottle.folder, 'agent/backend');
    mkdirSync(scratch);
    for (const name of ['prepared', 'process', 'exit.json']) writeFileSync(join(scratch, name), '');
    const template = join(temporaryFolder(), 'bottle');
    cpSync(bottle.folder, template, { recursive: true });

    const backendIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')).backend;
    const seen = new Set<string>();
    await killAtEachSyscall({
      command: [process.execPath, BUNDLE, 'migrate', bottle.identity, '--backend', 'twin'],
      options: { env: { ...operator.env, NODE_DISABLE_COMPILE_CACHE: '1' } },
      syscalls: STEPS,
      setup: () => {
        rmSync(bottle.folder, { recursive: true });
        cpSync(template, bottle.folder, { recursive: true });
      },
      check: async () => {
        seen.add(`${backendIn(bottle.metadata)} and ${backendIn(bottle.launch).name}`);
        const { code, stdout } = await operator.run(['migrate', bottle.identity, '--backend', 'twin']);
        expect({ code, stdout }).toEqual({
          code: 0,
          stdout: expect.stringMatching(/^shell-\w+ (moved|is on)/),
        });
        expect([backendIn(bottle.metadata), backendIn(bottle.launch).name]).toEqual(['twin', 'twin']);
        expect(readFileSync(join(bottle.workspace, 'made'), 'utf8')).toBe('work\n');
        expect(existsSync(scratch)).toBe(false);
        expect(existsSync(bottle.preserve)).toBe(true);
      },
    });
    expect([...seen].sort()).toEqual(['local and local', 'twin and local', 'twin and twin']);
    expect(await operator.run(['resume', bottle.identity])).toMatchObject({ code: 0 });
  }, 600_000);
});
