import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';

/** What a page may import, and the files of an installed project that it gets for it. */
const imports = {
  '@bot-bottle/identity': '/node_modules/@bot-bottle/identity/dist/index.js',
  '@bot-bottle/metadata/codec': '/node_modules/@bot-bottle/metadata/dist/codec.js',
};

const page = `<!doctype html>
<title>the packages in a browser</title>
<pre></pre>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import { isIdentity, mintIdentity, slugify, splitIdentity } from '@bot-bottle/identity';
  import { decodeRecord, encodeRecord, MetadataError, newRecord } from '@bot-bottle/metadata/codec';
  const identity = mintIdentity('My Agent');
  const record = newRecord({ identity, agentName: 'My Agent', cwd: '/home/me' });
  const text = encodeRecord({ ...record, extra: { big: JSON.rawJSON('12345678901234567890') } });
  let refusal;
  try { decodeRecord('{'); } catch (error) { refusal = error; }
  document.querySelector('pre').textContent = JSON.stringify({
    minted: [isIdentity(identity), splitIdentity(identity).slug === slugify('My Agent')],
    same: encodeRecord(decodeRecord(text)) === text,
    whole: text.includes('12345678901234567890'),
    refusal: refusal instanceof MetadataError && refusal.code,
    node: typeof process,
  });
</script>`;

describeWith('chromium', 'a browser', () => {
  const consumer = new Consumer(temporaryFolder(), '22');
  let server: Server;

  beforeAll(async () => {
    await consumer.succeed('npm', 'install', '@bot-bottle/metadata');
    server = createServer((request, response) => {
      if (request.url === '/') response.setHeader('content-type', 'text/html').end(page);
      else if (request.url?.endsWith('.js')) {
        response.setHeader('content-type', 'text/javascript');
        response.end(readFileSync(join(consumer.folder, request.url)));
      } else response.writeHead(404).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it('mints identities, and reads and writes records, with the very files that were published', async () => {
    const { port } = server.address() as AddressInfo;
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ];
    const profile = `--user-data-dir=${temporaryFolder()}`;
    const dom = await consumer.succeed(
      'chromium',
      ...flags,
      profile,
      '--dump-dom',
      `http://127.0.0.1:${port}/`,
    );
    expect(JSON.parse(/<pre>(.*)<\/pre>/.exec(dom)?.[1] ?? 'null')).toEqual({
      minted: [true, true],
      same: true,
      whole: true,
      refusal: 'broken-record',
      node: 'undefined',
    });
  });
});
