import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, run, runAsync, temporaryFolder } from '@bot-bottle/test-kit';
import { egressEnvironment } from '../src/tls/environment.js';
import { type Bottle, closeBottles } from './bottle.js';
import { gitBackend } from './git-backend.js';
import { HOST, inspectedBottle } from './inspected.js';
import { closeOrigins, type Handler, startOrigin, type TestOrigin } from './origin.js';

// Programs as agents run them: nothing is said to them but the environment of the bottle.

let origin: TestOrigin;
let bottle: Bottle;
let url: string;

const handler: Handler = (request, response) => {
  if (request.headers.authorization !== 'Bearer sk-secret') response.statusCode = 401;
  else if (request.url?.startsWith('/v1/repository.git/')) return serveGit(request, response);
  response.setHeader('x-version', request.httpVersion);
  response.write(`${request.method} `);
  request.pipe(response);
};
const repositories = temporaryFolder();
const serveGit = gitBackend(repositories, '/v1');

beforeAll(async () => {
  origin = await startOrigin('h2', handler);
  bottle = await inspectedBottle(origin.port, 'paths: [/v1/**]\n    credential: { env: KEY }', {
    env: { KEY: 'sk-secret' },
  });
  url = `https://${HOST}:${origin.port}`;
});
afterAll(async () => {
  await closeBottles();
  await closeOrigins();
});

/** Runs it with the environment of a bottle, and no other. */
function inBottle(command: string[], env: Record<string, string> = {}) {
  const { trust, port } = { trust: bottle.egress.trust, port: bottle.port };
  const kept = { PATH: process.env['PATH'] ?? '', HOME: temporaryFolder(), LANG: 'C.UTF-8' };
  const words = Object.entries({ ...kept, ...egressEnvironment(port, trust), ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return runAsync(['env', '-i', ...words, ...command]);
}

describeWith('curl', 'curl', () => {
  it.each([
    ['--http1.1', '1.1'],
    ['--http2', '2'],
  ])('is served with %s', async (flag, version) => {
    const command = ['curl', '-sS', flag, '-d', 'body', '-w', ' %{http_code} %{http_version}', `${url}/v1/x`];
    expect(await inBottle(command)).toMatchObject({
      stdout: `POST body 200 ${version}`,
      stderr: '',
      status: 0,
    });
  });

  it('sees a denial as an answer, with the reason', async () => {
    const { stdout } = await inBottle(['curl', '-sS', '-w', ' %{http_code}', `${url}/v2/x`]);
    expect(stdout).toMatch(/^bot-bottle denied .*not-routed.* 403$/s);
  });

  it('reaches no other host, and says why', async () => {
    const { stderr, status } = await inBottle(['curl', '-sS', 'https://evil.test/']);
    expect([status, stderr]).toEqual([56, expect.stringContaining('403')]);
  });
});

describeWith('git', 'git', () => {
  it('clones, and pushes more than it buffers, with the key that it never has', async () => {
    const bare = join(repositories, 'repository.git');
    run(['git', 'init', '-q', '--bare', '--initial-branch=main', bare]);
    run(['git', '-C', bare, 'config', 'http.receivepack', 'true']);
    const clone = join(temporaryFolder(), 'clone');
    const git = (...args: string[]) => inBottle(['git', ...args]);
    expect((await git('clone', '-q', `${url}/v1/repository.git`, clone)).status).toBe(0);
    // More than http.postBuffer: git sends it in chunks, after a small request that asks whether it may.
    writeFileSync(join(clone, 'large'), randomBytes(3 << 20));
    const author = ['-c', 'user.name=x', '-c', 'user.email=x@y'];
    run(['git', '-C', clone, 'add', '.']);
    run(['git', '-C', clone, ...author, 'commit', '-q', '-m', 'one']);
    expect(await git('-C', clone, 'push', '-q', 'origin', 'HEAD:main')).toMatchObject({
      stderr: '',
      status: 0,
    });
    const second = join(temporaryFolder(), 'second');
    expect(await git('clone', '-q', `${url}/v1/repository.git`, second)).toMatchObject({
      stderr: '',
      status: 0,
    });
    expect(readFileSync(join(second, 'large'))).toEqual(readFileSync(join(clone, 'large')));
  });
});

describe('Node', () => {
  const fetching = () =>
    `const r = await fetch('${url}/v1/x', { method: 'POST', body: 'body' }); console.log(r.status, await r.text())`;

  it('is served through fetch', async () => {
    const outcome = await inBottle([process.execPath, '--input-type=module', '-e', fetching()]);
    expect(outcome).toMatchObject({ stdout: '200 POST body\n', status: 0 });
  });

  it("reaches nothing without the bottle's environment", async () => {
    const outcome = await inBottle([process.execPath, '--input-type=module', '-e', fetching()], {
      NODE_USE_ENV_PROXY: '0',
    });
    expect(outcome.status).toBe(1);
  });
});

describeWith('python3', 'Python', () => {
  const get = () => `import urllib.request as u; print(u.urlopen('${url}/v1/x', b'body').read().decode())`;

  it('is served through urllib', async () => {
    expect(await inBottle(['python3', '-c', get()])).toMatchObject({
      stdout: 'POST body\n',
      stderr: '',
      status: 0,
    });
  });

  it('is served with every check of a certificate that it has', async () => {
    const strict = `import ssl; c = ssl.create_default_context(); c.verify_flags |= ssl.VERIFY_X509_STRICT
import urllib.request as u; print(u.urlopen('${url}/v1/x', b'body', context=c).read().decode())`;
    expect(await inBottle(['python3', '-c', strict])).toMatchObject({
      stdout: 'POST body\n',
      stderr: '',
      status: 0,
    });
  });

  it('is told how to allow a host that is denied, of an answer that it does not show', async () => {
    const denied = `import urllib.request as u; u.urlopen('https://evil.test/')`;
    const { stderr } = await inBottle(['python3', '-c', denied]);
    expect(stderr).toMatch(/403 Forbidden: host-not-allowed; .*: bot-bottle allow \S+ evil\.test>\n$/);
  });

  const hasRequests = run(['python3', '-c', 'import requests']).status === 0;
  (hasRequests ? it : it.skip)('is served through requests', async () => {
    const post = `import requests; r = requests.post('${url}/v1/x', data='body'); print(r.status_code, r.text)`;
    expect(await inBottle(['python3', '-c', post])).toMatchObject({ stdout: '200 POST body\n', status: 0 });
  });
});

describeWith('openssl', 'openssl', () => {
  it('verifies the certificate of the host, and speaks both versions', async () => {
    for (const protocol of ['h2', 'http/1.1']) {
      const target = `${HOST}:${origin.port}`;
      const { stdout } = await inBottle([
        ...[
          'openssl',
          's_client',
          '-proxy',
          `127.0.0.1:${bottle.port}`,
          '-connect',
          target,
          '-servername',
          HOST,
        ],
        ...[
          '-verify_return_error',
          '-verify_hostname',
          HOST,
          '-alpn',
          protocol,
          '-CAfile',
          bottle.egress.trust.bundle,
        ],
      ]);
      expect(stdout).toContain('Verify return code: 0 (ok)');
      expect(stdout).toContain(`ALPN protocol: ${protocol}`);
    }
  });
});
