import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readAuditLog } from '@bot-bottle/egress';
import { auditLog } from '@bot-bottle/state-paths';
import { describeWith } from '@bot-bottle/test-kit';
import { livingKeeperOf, Operator, until } from './support/cli.js';
import { runs } from './support/keeper.js';

const KEY = 'the-true-key-of-the-operator';
const HOST = 'host.bot-bottle.internal';

/** A service on the host's loopback. */
interface Service {
  readonly server: Server;
  readonly port: number;
  /** Of each request that it got. */
  readonly seen: IncomingHttpHeaders[];
}

async function serve(): Promise<Service> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end('answered\n');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, seen };
}

describeWith(['bwrap', 'curl'], 'a bottle whose keys stay outside', () => {
  let operator: Operator;
  let service: Service;
  beforeEach(async () => {
    operator = new Operator({ env: { MY_KEY: KEY } });
    service = await serve();
  });
  afterEach(async () => {
    await operator.killAll();
    service.server.closeAllConnections();
    await new Promise(resolve => service.server.close(resolve));
  });

  /** Defines the agent `mine`, whose service is that one, and what it does. */
  const define = (script: string, more: object = {}): void => {
    const host = `${HOST}:${service.port}`;
    const mine = {
      command: ['sh', '-c', script, 'mine'],
      allow: [`${host} private`],
      credentials: [{ env: 'MY_KEY', host, header: 'x-api-key' }],
      ...more,
    };
    mkdirSync(operator.root, { recursive: true, mode: 0o700 });
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), JSON.stringify({ agents: { mine } }));
  };
  const ask = (): string => `curl -sS -H "x-api-key: $MY_KEY" http://${HOST}:${service.port}/`;

  it('gives requests the key that stays outside, and says so', async () => {
    define(`${ask()}; grep -raqs "[${KEY[0]}]${KEY.slice(1)}" /proc/self/environ /run /tmp "$HOME" "$PWD" || echo "nowhere: $MY_KEY"`);
    const { code, stdout, stderr } = await operator.run(['start', 'mine', '--preserve']);
    expect(stderr).toContain(
      `MY_KEY stays outside: the bottle has a placeholder, requests to ${HOST}:${service.port} get the key`,
    );
    expect(stdout).toMatch(/^answered\r?\nnowhere: placeholder-of-bot-bottle-the-key-stays-outside\r?\n$/);
    expect(code).toBe(0);
    expect(service.seen.map(headers => headers['x-api-key'])).toEqual([KEY]);
    const [bottle] = operator.bottles();
    expect(() => execFileSync('grep', ['-raqs', '--devices=skip', KEY, operator.root])).toThrow();
    expect(readFileSync(bottle?.routes ?? '', 'utf8')).toContain('env: MY_KEY');
  });

  it('never passes a key, whatever else the definition says', async () => {
    define('env', { passEnv: ['MY_KEY'], setEnv: { HTTPS_PROXY: 'http://elsewhere', OTHER: 'kept' } });
    const { stdout } = await operator.run(['start', 'mine']);
    expect(stdout).not.toContain(KEY);
    expect(stdout).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:3128\r?$/m);
    expect(stdout).toMatch(/^OTHER=kept\r?$/m);
  });

  it('leads to what was allowed at the start, and to nothing else', async () => {
    define(`${ask()}; curl -sS http://${HOST}:${service.port + 1}/; curl -sS http://elsewhere.example/`, {
      allow: [],
      credentials: [],
    });
    const { stdout } = await operator.run(['start', 'mine', '--allow', `${HOST}:${service.port} private`]);
    expect(stdout).toMatch(/^answered\r?\n/);
    expect(stdout).toMatch(/bot-bottle allow mine-[a-z0-9]{5} elsewhere\.example\r?\n$/);
    expect(stdout.match(/^bot-bottle denied /gm)).toHaveLength(2);
  });

  it('comes back with a resume, which says what key is not set any more', async () => {
    define(`${ask()}; read -r x`);
    const bottle = await operator.start('mine', '--preserve');
    await until(() => service.seen.length === 1);
    process.kill(livingKeeperOf(bottle), 'SIGKILL');
    await until(() => !runs(bottle.identity));
    delete operator.env['MY_KEY'];
    const { stderr, stdout } = await operator.run(['resume', bottle.identity], { input: '\n' });
    expect(stderr).toContain('NOT back: the variable MY_KEY; it is not set here');
    expect(stdout).not.toContain('answered');
    expect(service.seen).toHaveLength(1);
    const events = [...readAuditLog(auditLog(operator.root, bottle.identity, 'egress'))];
    expect(events.length).toBeGreaterThan(3);
  });

  it('goes with its bottle, but for the record of what it let out', async () => {
    define(ask());
    await operator.run(['start', 'mine']);
    expect(operator.bottles()).toEqual([]);
    const [log = ''] = readdirSync(join(operator.root, 'audit'));
    const records = [...readAuditLog(join(operator.root, 'audit', log))];
    expect(records).toContainEqual(expect.objectContaining({ event: 'closed', status: 200, rule: 'route' }));
  });

  it('lets nothing out that cannot be recorded, and the session ends with a word about it', async () => {
    define(`${ask()}; read -r x; ${ask().replace('-sS', '-sS -i')}; curl -sS http://elsewhere.example/`);
    const bottle = await operator.start('mine');
    await until(() => service.seen.length === 1);
    const log = auditLog(operator.root, bottle.identity, 'egress');
    renameSync(log, `${log}.old`);
    mkdirSync(log);
    // A file that was moved away may still be written to for a tenth of a second.
    await delay(200);
    const { stdout, stderr } = await operator.run(['attach', bottle.identity], { input: '\n' });
    expect(stdout).toContain('HTTP/1.1 503 ');
    expect(stderr).toContain('bot-bottle: the log of what it reached is not complete: ');
    expect(service.seen).toHaveLength(1);
  });

  it('fails a start whose log cannot be kept, and nothing of it stays', async () => {
    define('echo it ran');
    writeFileSync(join(operator.root, 'audit'), 'no folder');
    const { code, stdout } = await operator.run(['start', 'mine', '--json']);
    expect(code).toBe(125);
    expect(stdout).not.toContain('it ran');
    expect(operator.bottles()).toEqual([]);
    expect(existsSync(join(operator.root, 'audit'))).toBe(true);
  });
});
