/** In a network of its own, where this machine has an address of the public internet, as a server in a data centre has. */
import { join } from 'node:path';
import { describeWith, program, runAsync, temporaryFolder } from '@bot-bottle/test-kit';

const PUBLIC = '8.8.8.8';
const dist = (name: string) => JSON.stringify(join(__dirname, '..', '..', name, 'dist', 'index.js'));

/** Asks what listens on that address, by number and by name, and gives the status of each answer. */
const ASK = `import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createServer as listen } from 'node:net';
import { join } from 'node:path';
import { openEgress } from ${dist('egress')};
import { liveConfigPaths, writeLiveConfig } from ${dist('live-config')};

export default async (folder, flag) => {
  const origin = createServer((_, response) => response.end()).listen(0, '${PUBLIC}');
  await once(origin, 'listening');
  const { port } = origin.address();
  const liveConfig = liveConfigPaths(join(folder, 'live-config'));
  await writeLiveConfig(liveConfig, { allowlist: \`${PUBLIC}:\${port} ip \${flag}\\na.test:\${port} \${flag}\\n\` });
  const egress = await openEgress({
    bottle: 'test-abcde',
    liveConfig,
    folder: join(folder, 'egress'),
    auditFile: join(folder, 'audit', 'test-abcde.egress.jsonl'),
    lookup: async () => [{ address: '${PUBLIC}', family: 4 }],
  });
  const proxy = listen(connection => egress.serve(connection)).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const ask = async host => {
    const asked = request({ port: proxy.address().port, path: \`http://\${host}/\`, headers: { host }, agent: false }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    return response.statusCode;
  };
  const answers = [await ask(\`${PUBLIC}:\${port}\`), await ask(\`a.test:\${port}\`)];
  await egress.close();
  proxy.close();
  origin.close();
  return answers;
};`;

describeWith(['unshare', 'busybox'], "This machine's own public address", () => {
  const ask = async (flag: string) => {
    const setUp = `busybox ip link set lo up && busybox ip address add ${PUBLIC}/32 dev lo && exec "$@"`;
    const network = ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', setUp, 'sh'];
    const { stdout, stderr } = await runAsync([...network, ...program(ASK, [temporaryFolder(), flag])]);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('is refused by number and by name, though it is no private one', async () => {
    expect(await ask('sni')).toEqual([403, 403]);
  });

  it('is reached where the entry says private', async () => {
    expect(await ask('private')).toEqual([200, 200]);
  });
});
