import { execFileSync } from 'node:child_process';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { Engine } from './engine.js';
import { ProvenEngine } from './proven-engine.js';

const image = `bot-bottle-proven-${process.pid}:1`;
const limits = { memory: true, cpus: true, processes: true };
const of = (version: string) =>
  new ProvenEngine(new Engine(process.env), image, { version, rootless: false, limits });
const names = () => execFileSync('docker', ['image', 'ls', '--quiet', image.split(':')[0] ?? '']).toString();

describeWithEngine('what was proven of an engine', () => {
  beforeAll(() => {
    makeTestImage();
    execFileSync('docker', ['tag', TEST_IMAGE, image]);
  });

  it('is remembered of that version, and of one alone', async () => {
    expect(await of('1').remembered()).toBe(false);
    await of('1').remember();
    expect(await of('1').remembered()).toBe(true);
    expect(await of('2').remembered()).toBe(false);
    await of('2').remember();
    expect(await of('2').remembered()).toBe(true);
    expect(await of('1').remembered()).toBe(false);
    expect(names().trim().split('\n')).toHaveLength(2);
  });
});
