import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { TAR_END, tarHeader, tarPadding } from '../src/tar.js';

/** What the conformance suite's programs are, each a name of busybox's; bash is itself. */
const APPLETS = ['cat', 'env', 'id', 'ls', 'printf', 'sh', 'sleep', 'stty', 'tr', 'uname'];
export const TEST_IMAGE = 'bot-bottle-test:1';

/** An image of this machine's busybox (static) and bash: nothing can be pulled where the tests run. */
export function makeTestImage(): void {
  const busybox = readFileSync(which('busybox'));
  const bash = which('bash');
  const libraries = [...run('ldd', bash).matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  const files: [string, Buffer][] = [
    ...APPLETS.map((name): [string, Buffer] => [`bin/${name}`, busybox]),
    ...[bash, ...libraries].map((path): [string, Buffer] => [
      path.slice(1),
      readFileSync(realpathSync(path)),
    ]),
    ['etc/ssl/certs/ca-certificates.crt', Buffer.from('the authorities of the image\n')],
  ];
  const archive = files.flatMap(([name, data]) => [
    tarHeader(name, data.length, 0o755),
    data,
    tarPadding(data.length),
  ]);
  const { status, stderr } = spawnSync('docker', ['import', '-', TEST_IMAGE], {
    input: Buffer.concat([...archive, TAR_END]),
  });
  if (status !== 0) throw new Error(`no test image: ${stderr}`);
}

function which(name: string): string {
  return run('sh', '-c', 'command -v -- "$1"', 'sh', name).trim();
}

function run(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
