import { execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** What the backends' conformance suite and the tests run, each a name of busybox's; bash is itself. */
const APPLETS = [
  'setsid',
  'truncate',
  'mv',
  'chown',
  'chmod',
  'ln',
  'mknod',
  'mkfifo',
  'cat',
  'cut',
  'date',
  'dirname',
  'env',
  'false',
  'grep',
  'head',
  'hostname',
  'id',
  'ls',
  'nc',
  'mkdir',
  'ping',
  'printf',
  'rm',
  'sed',
  'sh',
  'sleep',
  'sort',
  'stty',
  'tail',
  'timeout',
  'touch',
  'tr',
  'true',
  'uname',
  'wc',
];
export const TEST_IMAGE = 'bot-bottle-test:1';
/** What stands in the image's bundle of authorities. */
export const TEST_IMAGE_AUTHORITIES = 'the authorities of the image\n';

/** Makes an image of this machine's busybox (static) and bash: where the tests run, none can be pulled. `env` is the client's. */
export function makeTestImage(env: NodeJS.ProcessEnv = process.env): void {
  const root = temporaryFolder();
  const copy = (path: string, to = path) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(path, join(root, to));
  };
  const bash = which('bash');
  copy(which('busybox'), '/bin/busybox');
  for (const applet of APPLETS) linkSync(join(root, 'bin/busybox'), join(root, 'bin', applet));
  for (const [, path = ''] of run('ldd', bash).matchAll(/(\/\S+) \(0x/g)) copy(path);
  copy(bash, '/bin/bash');
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), TEST_IMAGE_AUTHORITIES);
  execFileSync('sh', ['-c', 'tar -C "$1" -c . | docker import - "$2"', 'sh', root, TEST_IMAGE], {
    stdio: 'ignore',
    env,
  });
}

function which(name: string): string {
  return run('sh', '-c', 'command -v -- "$1"', 'sh', name).trim();
}

function run(file: string, ...args: string[]): string {
  return execFileSync(file, args, { encoding: 'utf8' });
}
