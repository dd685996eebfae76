import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { type Bottle, closeBottles } from '../test/bottle.js';
import { type Client, inspectedBottle, startClient, type Version } from '../test/inspected.js';
import { closeOrigins, type Handler, startOrigin, type TestOrigin } from '../test/origin.js';

const SECRET = 'sk-injected-0123456789';
const PLACEHOLDER = 'sk-placeholder';
let clients: Client[] = [];

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await closeBottles();
  await closeOrigins();
});

/** An origin that takes these keys alone, and what it saw. */
async function guarded(keys: { valid: string[] }, speaks: 'https' | 'h2' = 'h2') {
  const seen: (string | undefined)[] = [];
  const bodies: string[] = [];
  const handler: Handler = (request, response) => {
    const key = request.headers['x-api-key'] ?? request.headers.authorization;
    seen.push(Array.isArray(key) ? key.join() : key);
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      bodies.push(body);
      const valid = keys.valid.some(value => key === value || key === `Bearer ${value}`);
      response.writeHead(valid ? 200 : 401);
      response.end(valid ? `took ${body.length}` : 'who are you?');
    });
  };
  return { origin: await startOrigin(speaks, handler), seen, bodies };
}

async function clientOf(bottle: Bottle, origin: TestOrigin, version: Version = 'h2'): Promise<Client> {
  const client = await startClient(bottle, origin.port, version);
  clients.push(client);
  return client;
}

/** A file with a key, and how to route to it. */
function keyFile(value: string) {
  const file = join(temporaryFolder(), 'key');
  writeFileSync(file, `${value}\n`);
  return { route: `credential: { file: ${file} }`, set: (next: string) => writeFileSync(file, next) };
}

describe.each<Version>(['http/1.1', 'h2'])('a credential, for a client that speaks %s', version => {
  it.each([
    ['credential: { env: KEY }', `Bearer ${SECRET}`],
    ['credential: { env: KEY, header: X-Api-Key }', SECRET],
  ])('is seen by the origin in place of what the bottle sent, and nowhere else: %s', async (route, value) => {
    const { origin, seen } = await guarded({ valid: [SECRET] });
    const bottle = await inspectedBottle(origin.port, route, { env: { KEY: SECRET } });
    const client = await clientOf(bottle, origin, version);
    const headers = { [route.includes('Api') ? 'X-API-KEY' : 'Authorization']: PLACEHOLDER };
    const answer = await client.ask({ method: 'POST', headers, body: 'x' });
    expect([answer.status, seen]).toEqual([200, [value]]);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    await bottle.log(2);
    const files = readdirSync(bottle.folder, { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const entry of files) {
      expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toContain(SECRET);
    }
  });

  it('leaves the other headers of the bottle as they are', async () => {
    const { origin, seen } = await guarded({ valid: [PLACEHOLDER] });
    const bottle = await inspectedBottle(origin.port, 'credential: { env: KEY, header: x-other }', {
      env: { KEY: SECRET },
    });
    const answer = await (await clientOf(bottle, origin, version)).ask({
      headers: { authorization: `Bearer ${PLACEHOLDER}` },
    });
    expect([answer.status, seen]).toEqual([200, [`Bearer ${PLACEHOLDER}`]]);
  });

  it('is fetched again when the origin refuses it, and the request is repeated once, with its body', async () => {
    const keys = { valid: ['old'] };
    const { origin, seen, bodies } = await guarded(keys);
    const key = keyFile('old');
    const bottle = await inspectedBottle(origin.port, key.route);
    const client = await clientOf(bottle, origin, version);
    expect((await client.ask()).status).toBe(200);
    keys.valid = ['new'];
    key.set('new');
    const body = 'y'.repeat(100_000);
    expect(await client.ask({ method: 'POST', body })).toMatchObject({ status: 200, body: 'took 100000' });
    expect(await client.ask()).toMatchObject({ status: 200 });
    expect(seen).toEqual(['old', 'old', 'new', 'new'].map(value => `Bearer ${value}`));
    expect(bodies).toEqual(['', body, body, '']);
    expect((await bottle.log(6)).map(({ event, status }) => [event, status])).toEqual([
      ['opened', undefined],
      ['closed', 200],
      ['opened', undefined],
      ['closed', 200],
      ['opened', undefined],
      ['closed', 200],
    ]);
  });

  it('is refused to the bottle as the origin refuses it, where there is no other, without asking twice', async () => {
    const { origin, seen } = await guarded({ valid: [] });
    const bottle = await inspectedBottle(origin.port, keyFile('bad').route);
    const client = await clientOf(bottle, origin, version);
    expect(await client.ask({ method: 'POST', body: 'x' })).toMatchObject({
      status: 401,
      body: 'who are you?',
    });
    expect(seen).toHaveLength(1);
  });

  it('that the origin refuses and that cannot be had again leaves its answer, and tells the operator why', async () => {
    const keys = { valid: ['old'] };
    const { origin } = await guarded(keys);
    const key = keyFile('old');
    const bottle = await inspectedBottle(origin.port, key.route);
    const client = await clientOf(bottle, origin, version);
    await client.ask();
    keys.valid = ['new'];
    key.set('two\nlines');
    expect(await client.ask()).toMatchObject({ status: 401, body: 'who are you?' });
    const closed = (await bottle.log(4)).at(-1);
    expect(closed).toMatchObject({
      event: 'closed',
      status: 401,
      problem: expect.stringContaining('a line break'),
    });
    expect(closed).not.toHaveProperty('cut');
    expect(JSON.stringify(closed)).not.toContain('two');
  });

  it('is not sent again with a body that was too large to keep: the next request has the new one', async () => {
    const keys = { valid: ['old'] };
    const { origin, seen } = await guarded(keys);
    const key = keyFile('old');
    const client = await clientOf(await inspectedBottle(origin.port, key.route), origin, version);
    await client.ask();
    keys.valid = ['new'];
    key.set('new');
    expect(await client.ask({ method: 'POST', body: Buffer.alloc(1_500_000) })).toMatchObject({
      status: 401,
    });
    expect(await client.ask()).toMatchObject({ status: 200 });
    expect(seen).toEqual(['old', 'old', 'new'].map(value => `Bearer ${value}`));
  });

  it('is asked for no more than twice for one request, by a command that makes a new one each time', async () => {
    const { origin, seen } = await guarded({ valid: [] });
    const counter = join(temporaryFolder(), 'count');
    const command = `[sh, -c, "echo x >> ${counter}; wc -l < ${counter}"]`;
    const bottle = await inspectedBottle(origin.port, `credential: { command: ${command} }`, {
      env: process.env,
    });
    const client = await clientOf(bottle, origin, version);
    expect(await client.ask()).toMatchObject({ status: 401 });
    expect(seen).toEqual(['Bearer 1', 'Bearer 2']);
    // Nor does the next request have it run again: it ran just now.
    expect(await client.ask()).toMatchObject({ status: 401 });
    expect(readFileSync(counter, 'utf8')).toBe('x\nx\n');
  });

  it('that cannot be had fails the request in words, and nothing is sent', async () => {
    const { origin, seen } = await guarded({ valid: [] });
    const bottle = await inspectedBottle(origin.port, 'credential: { env: ABSENT }');
    const answer = await (await clientOf(bottle, origin, version)).ask({
      headers: { accept: 'application/json' },
    });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body).error.message).toContain('the variable ABSENT is not set');
    expect(seen).toEqual([]);
    // No fault of the origin's, which nobody asked.
    expect((await bottle.log(2))[1]).toMatchObject({
      event: 'closed',
      status: 502,
      cut: 'proxy',
      problem: expect.stringContaining('the variable ABSENT is not set'),
    });
  });

  it('is not sent with TRACE, which would have the origin tell it to the bottle', async () => {
    const origin = await startOrigin('https', (request, response) =>
      response.end(JSON.stringify(request.headers)),
    );
    const bottle = await inspectedBottle(origin.port, 'credential: { env: KEY }', { env: { KEY: SECRET } });
    const answer = await (await clientOf(bottle, origin, version)).ask({ method: 'TRACE' });
    expect(answer.body).not.toContain(SECRET);
  });
});

it('the key of the authority lies in one file, which its owner alone can read', async () => {
  const { origin } = await guarded({ valid: [] });
  const { folder } = await inspectedBottle(origin.port);
  const found = execFileSync('grep', ['-rl', 'PRIVATE KEY', folder], { encoding: 'utf8' }).trim().split('\n');
  expect(found).toEqual([join(folder, 'egress', 'ca.key.pem')]);
});
