import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { listIdentities, reserveIdentity } from './index.js';

const built = join(__dirname, '../dist/index.cjs');

describe('reserveIdentity', () => {
  it('makes the root, state/ and an empty folder, for the operator alone', () => {
    const root = `${temporaryFolder()}/not/yet`;
    const identity = reserveIdentity(root, 'My Agent');
    expect(identity).toMatch(/^my-agent-[a-z0-9]{5}$/);
    for (const path of [root, `${root}/state`, `${root}/state/${identity}`]) {
      expect(lstatSync(path).mode & 0o7777).toBe(0o700);
    }
    expect(readdirSync(root)).toEqual(['state']);
    expect(readdirSync(`${root}/state/${identity}`)).toEqual([]);
  });

  it('leaves an existing root and its mode as they are', () => {
    const root = temporaryFolder();
    mkdirSync(`${root}/state`, { mode: 0o755 });
    writeFileSync(`${root}/other`, 'x');
    reserveIdentity(root, 'x');
    expect(statSync(`${root}/state`).mode & 0o777).toBe(0o755);
    expect(readdirSync(root).sort()).toEqual(['other', 'state']);
  });

  it('takes the next identity when the first is taken by a folder, a file, a dangling link or a queue', () => {
    const root = temporaryFolder();
    const draws = (suffixes: string) => {
      let at = 0;
      return (bytes: Uint8Array) => bytes.fill('abcdef'.indexOf(suffixes[at++] ?? 'f'));
    };
    mkdirSync(`${root}/state/x-aaaaa`, { recursive: true });
    writeFileSync(`${root}/state/x-bbbbb`, '');
    symlinkSync('/nowhere', `${root}/state/x-ccccc`);
    mkdirSync(`${root}/queue/x-ddddd`, { recursive: true });
    expect(reserveIdentity(root, 'x', { random: draws('abcde') })).toBe('x-eeeee');
    expect(existsSync(`${root}/state/x-ddddd`)).toBe(false);
  });

  it('gives up with a typed error when every identity is taken', () => {
    const root = temporaryFolder();
    const random = (bytes: Uint8Array) => bytes.fill(0);
    reserveIdentity(root, 'x', { random });
    expect(() => reserveIdentity(root, 'x', { random })).toThrow(
      expect.objectContaining({ code: 'no-free-identity', name: 'StatePathsError' }),
    );
    expect(listIdentities(root)).toEqual(['x-aaaaa']);
  });

  it('refuses a state/ that is a link or a file, and makes nothing behind it', () => {
    const outside = temporaryFolder();
    const root = temporaryFolder();
    symlinkSync(outside, `${root}/state`);
    expect(() => reserveIdentity(root, 'x')).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
    expect(readdirSync(outside)).toEqual([]);
    // The naive way, mkdir with `recursive`, makes it there.
    mkdirSync(`${root}/state/x-aaaaa`, { recursive: true });
    expect(readdirSync(outside)).toEqual(['x-aaaaa']);
    const other = temporaryFolder();
    writeFileSync(`${other}/state`, '');
    expect(() => reserveIdentity(other, 'x')).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
  });

  it('says with the cause why a folder could not be made', () => {
    const file = `${temporaryFolder()}/file`;
    writeFileSync(file, '');
    expect(() => reserveIdentity(`${file}/root`, 'x')).toThrow(
      expect.objectContaining({
        code: 'cannot-reserve',
        cause: expect.objectContaining({ code: 'ENOTDIR' }),
      }),
    );
  });

  // FAULTS row 10. The naive way: a recursive mkdir succeeds on a folder that is there, so all that draw alike share it.
  it('gives 100 mints at once 100 identities, though all of them draw the same suffixes', async () => {
    const root = temporaryFolder();
    expect(await mintsAtOnce(root, 'reserveIdentity(root, "x", { random })')).toEqual({
      minted: 100,
      distinct: 100,
    });
    expect(listIdentities(root)).toHaveLength(100);

    const naive =
      'const id = mintIdentity("x", { random }); mkdirSync(root + "/state/" + id, { recursive: true }); return id;';
    const { minted, distinct } = await mintsAtOnce(temporaryFolder(), `(() => { ${naive} })()`);
    expect(minted).toBe(100);
    expect(distinct).toBeLessThan(100);
  });
});

/** 20 processes, let loose together, each with the same sequence of random bytes, make 5 each. */
async function mintsAtOnce(root: string, mint: string): Promise<{ minted: number; distinct: number }> {
  const code = `
    const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
    const { reserveIdentity } = require(${JSON.stringify(built)});
    const { mintIdentity } = require(require.resolve('@bot-bottle/identity', { paths: [${JSON.stringify(built)}] }));
    const root = ${JSON.stringify(root)};
    let seed = 1;
    const random = bytes => { for (let i = 0; i < bytes.length; i++) bytes[i] = (seed = (seed * 48271) % 2147483647) >> 8; };
    const wait = new Int32Array(new SharedArrayBuffer(4));
    writeFileSync(root + '/ready-' + process.pid, '');
    while (!existsSync(root + '/go')) Atomics.wait(wait, 0, 0, 2);
    for (let i = 0; i < 5; i++) console.log(${mint});`;
  const runs = Array.from({ length: 20 }, () =>
    spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const outputs = Promise.all(runs.map(run => text(run.stdout)));
  while (readdirSync(root).length < runs.length) await new Promise(done => setTimeout(done, 20));
  writeFileSync(`${root}/go`, '');
  const minted = (await outputs).flatMap(output => output.split('\n').filter(Boolean));
  return { minted: minted.length, distinct: new Set(minted).size };
}
