import { join } from 'node:path';
import { installPacked, run, runReadmeExample } from '@bot-bottle/test-kit';

const folder = join(__dirname, '..');

it('runs the README example from the packed package', () => {
  const { status, stdout, stderr } = runReadmeExample(folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    '{ major: 1, minor: 0 } none',
    'true backend "future" speaks contract 2.0, this bot-bottle 1.0; upgrade bot-bottle',
  ]);
});

it('proves a backend under node:test, from the packed package, by require too', () => {
  const code = `
    const { describe, it } = require('node:test');
    const { describeBackend, MemoryStore, memoryBackend, memoryPrograms } = require('@bot-bottle/backend/conformance');
    const store = new MemoryStore();
    const host = () => ({ openTerminal() { throw new Error('none'); } });
    describeBackend('memory', () => memoryBackend(store), { host, programs: memoryPrograms, runner: { describe, it } });`;
  const argv = [process.execPath, '--input-type=commonjs', '-e', code];
  const { status, stdout } = run(argv, { cwd: installPacked(folder) });
  expect(status).toBe(0);
  expect(stdout).toMatch(/pass 56\b/);
  expect(stdout).toMatch(/fail 0\b/);
});
