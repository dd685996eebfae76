import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle } from '../test/bottle.js';
import { clearOverride, MAX_OVERRIDE_BYTES, overrideImage, readOverride, writeOverride } from './override.js';

const DOCKERFILE = 'FROM debian:12\nRUN apt-get install -y jq\n';

describe('the Dockerfile override', () => {
  it('is absent, written, replaced and cleared', async () => {
    const paths = newBottle();
    expect(readOverride(paths)).toBeNull();
    await writeOverride(paths, DOCKERFILE);
    expect(readOverride(paths)).toBe(DOCKERFILE);
    expect(readFileSync(join(paths.folder, 'Dockerfile'), 'utf8')).toBe(DOCKERFILE);
    expect(statSync(paths.dockerfile).mode & 0o777).toBe(0o644);
    await writeOverride(paths, 'FROM alpine\n');
    expect(readOverride(paths)).toBe('FROM alpine\n');
    expect(await clearOverride(paths)).toBe(true);
    expect(await clearOverride(paths)).toBe(false);
    expect(readOverride(paths)).toBeNull();
  });

  it.each([
    ['blank', ' \n\t'],
    ['with a NUL', 'FROM a\0b'],
    ['a byte too large', 'x'.repeat(MAX_OVERRIDE_BYTES + 1)],
    ['too large in bytes, not in characters', 'ü'.repeat(MAX_OVERRIDE_BYTES / 2 + 1)],
  ])('refuses one that is %s, and keeps the old one', async (_name, text) => {
    const paths = newBottle();
    await writeOverride(paths, DOCKERFILE);
    await expect(writeOverride(paths, text)).rejects.toMatchObject({
      code: 'bad-override',
      path: paths.dockerfile,
    });
    expect(readOverride(paths)).toBe(DOCKERFILE);
  });

  it('takes one that is just as large as allowed', async () => {
    const paths = newBottle();
    const text = 'x'.repeat(MAX_OVERRIDE_BYTES);
    await writeOverride(paths, text);
    expect(readOverride(paths)).toBe(text);
  });

  it('neither reads nor writes through a link in its place', async () => {
    const paths = newBottle();
    const outside = join(temporaryFolder(), 'outside');
    writeFileSync(outside, 'secret');
    symlinkSync(outside, paths.dockerfile);
    expect(() => readOverride(paths)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
    await writeOverride(paths, DOCKERFILE);
    expect(readFileSync(outside, 'utf8')).toBe('secret');
    expect(readOverride(paths)).toBe(DOCKERFILE);

    const other = newBottle();
    symlinkSync(outside, other.dockerfile);
    expect(readFileSync(other.dockerfile, 'utf8')).toBe('secret');
    writeFileSync(other.dockerfile, DOCKERFILE);
    expect(readFileSync(outside, 'utf8')).toBe(DOCKERFILE);
  });

  it('says so when a folder is in its place', async () => {
    const paths = newBottle();
    mkdirSync(paths.dockerfile);
    await expect(writeOverride(paths, DOCKERFILE)).rejects.toMatchObject({ code: 'not-a-file' });
  });

  it('is built to an image that is named after the bottle', () => {
    expect(overrideImage('claude-x7k2m')).toBe('bot-bottle-rebuilt-claude-x7k2m:latest');
  });
});
