/** What an operator lets a real bottle reach, and takes away again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Operator, until } from './support/cli.js';

const HOST = 'host.bot-bottle.internal';
const operator = new Operator();
let origin: { readonly port: number; close(): void };

beforeAll(async () => {
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  origin = { port: (server.address() as AddressInfo).port, close: () => server.close() };
});

afterAll(async () => {
  origin.close();
  await operator.killAll();
});

/** Bash that asks the origin through the proxy until the answer has this status; its exit code tells whether that came. */
function askingUntil(status: number): string {
  const where = `${HOST}:${origin.port}`;
  return `for i in $(seq 600); do
    exec 3<>/dev/tcp/127.0.0.1/3128
    printf 'GET http://${where}/ HTTP/1.1\\r\\nHost: ${where}\\r\\nConnection: close\\r\\n\\r\\n' >&3
    read -r line <&3
    exec 3>&-
    case $line in *' ${status} '*) exit 0 ;; esac
    sleep 0.05
  done
  exit 1`;
}

async function decisions(identity: string): Promise<string[]> {
  const { stdout } = await operator.run(['egress', identity]);
  return stdout
    .split('\n')
    .map(line => line.split('\t'))
    .filter(([, , , target]) => target?.startsWith(HOST))
    .map(([, event, , , rule]) => `${event} ${rule}`);
}

describe('a bottle', () => {
  it('reaches what it is started with', async () => {
    const line = `${HOST}:${origin.port} private`;
    const { code } = await operator.run(['start', 'shell', '--allow', line, '--', '-c', askingUntil(200)]);
    expect(code).toBe(0);
    const [identity = ''] = (await operator.run(['__complete', 'recorded'])).stdout.split('\n');
    const all = (await operator.run(['egress', identity, '--all'])).stdout.split('\n');
    expect(all[0]?.split('\t').slice(1, 5)).toEqual(['denied', 'GET', 'proof.invalid:80', 'host-mismatch']);
    expect((await operator.run(['egress', identity])).stdout.split('\n')).toEqual(all.slice(1));
  });

  it('reaches a host from allow to deny, and its log says so when it is gone', async () => {
    const line = `${HOST}:${origin.port} private`;
    const script = `(${askingUntil(403)}) && (${askingUntil(200)}) && ${askingUntil(403)}`;
    const { identity } = await operator.start('shell', '--', '-c', script);
    await until(async () => (await decisions(identity)).includes('denied host-not-allowed'));
    const allowed = await operator.run(['allow', identity, line]);
    expect(allowed.stdout).toMatch(/ allowed, in force after \d+ ms \(generation 2\)\n$/);
    await until(async () => (await decisions(identity)).includes('closed allowlist'));
    expect((await operator.run(['deny', identity, line])).code).toBe(0);
    await until(() => operator.bottles().length === 0);
    const all = await decisions(identity);
    // When a connection was closed is noticed when it is, also after the next denial.
    const asked = all.filter(decision => decision !== 'closed allowlist');
    expect(asked.filter((decision, index) => decision !== asked[index - 1])).toEqual([
      'denied host-not-allowed',
      'opened allowlist',
      'denied host-not-allowed',
    ]);
  });
});
