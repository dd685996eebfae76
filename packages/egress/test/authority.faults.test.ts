import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, killAtEachSyscall, program, run, temporaryFolder } from '@bot-bottle/test-kit';
import { openAuthority } from '../src/tls/authority.js';

const dist = join(__dirname, '..', 'dist', 'index.js');
const root = temporaryFolder({ memory: true });
const folder = join(root, 'egress');

/** Opens a proxy, which makes its authority, and closes it. */
const opening = program(
  `import { openEgress } from ${JSON.stringify(dist)};
export default async root => {
  const liveConfig = { liveConfig: root + '/live-config', routes: root + '/live-config/routes.yaml',
    allowlist: root + '/live-config/allowlist', generation: root + '/live-config/generation.json' };
  const egress = await openEgress({ bottle: 'kill-abcde', liveConfig, folder: root + '/egress', auditFile: root + '/audit.jsonl' });
  await egress.close();
};`,
  [root],
);

function startAfresh(): void {
  rmSync(root, { recursive: true, force: true });
  run(['mkdir', '-p', join(root, 'live-config')]);
}

async function expectWhole(): Promise<void> {
  const { certificate } = await openAuthority(folder);
  const key = readFileSync(join(folder, 'ca.key.pem'), 'utf8');
  expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(statSync(join(folder, 'ca.key.pem')).mode & 0o777).toBe(0o600);
  // No copy of a key under another name.
  expect(readdirSync(folder).filter(name => name.includes('.key'))).toEqual(['ca.key.pem']);
}

describeWith('strace', 'an authority', () => {
  const syscalls = ['mkdir', 'write', 'fsync', 'rename'];

  it('that is being made is whole after the next start, wherever a kill fell', async () => {
    const kills = await killAtEachSyscall({
      command: opening,
      syscalls,
      setup: startAfresh,
      check: expectWhole,
    });
    expect(kills).toBeGreaterThan(10);
  });

  // Without the removal of the old certificate first, the kill between the two leaves a pair that does not belong together.
  it('that is replaced, since others could read its key, is one key and its certificate after any kill', async () => {
    let exposed = '';
    const setup = () => {
      startAfresh();
      run(opening);
      exposed = readFileSync(join(folder, 'ca.key.pem'), 'utf8');
      chmodSync(join(folder, 'ca.key.pem'), 0o644);
    };
    const check = async () => {
      await expectWhole();
      expect(readFileSync(join(folder, 'ca.key.pem'), 'utf8')).not.toBe(exposed);
    };
    const kills = await killAtEachSyscall({ command: opening, syscalls: ['unlink', 'rename'], setup, check });
    expect(kills).toBeGreaterThan(2);
  });
});
