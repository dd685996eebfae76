import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { readTar, TAR_END, tarHeader, tarPadding } from './tar.js';

describe('an archive', () => {
  it('is one that tar reads', () => {
    const folder = temporaryFolder();
    const data = Buffer.from('x'.repeat(700));
    const archive = Buffer.concat([
      tarHeader('bin/run', data.length, 0o755),
      data,
      tarPadding(data.length),
      TAR_END,
    ]);
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    expect(readFileSync(join(folder, 'bin/run'))).toEqual(data);
    const listed = execFileSync('tar', ['-tv'], { input: archive, encoding: 'utf8' });
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 +700 .* bin\/run\n$/);
  });

  it.each(['ustar', 'gnu', 'pax'])('of tar is read: files, and where links lead (%s)', format => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'ssl/certs'), { recursive: true });
    writeFileSync(join(folder, 'ssl/certs/bundle.crt'), 'y'.repeat(1000));
    symlinkSync('certs/bundle.crt', join(folder, 'ssl/cert.pem'));
    const archive = execFileSync('tar', ['-c', `--format=${format}`, '-C', folder, 'ssl']);
    expect(
      [...readTar(archive)].filter(({ kind }) => kind !== 'other').sort((a, b) => (a.name < b.name ? -1 : 1)),
    ).toEqual([
      { name: 'ssl/cert.pem', kind: 'link', target: 'certs/bundle.crt' },
      { name: 'ssl/certs/bundle.crt', kind: 'file', target: '' },
    ]);
  });

  it('refuses a name that its header does not hold', () => {
    expect(() => tarHeader('n'.repeat(101), 0, 0o644)).toThrow(RangeError);
  });
});
