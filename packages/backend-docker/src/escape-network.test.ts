import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describeWithEngine, makeTestImage } from '@bot-bottle/test-kit';
import { backendOf, hostNamed, outputOf, shell, shows, specOf } from '../test/bottle.js';

const egress = { port: 3128 };
const PORT = 4711;
const ABSTRACT = `bot-bottle-docker-${process.pid}`;
const listens = `grep -q ${ABSTRACT} /proc/net/unix`;

/** A server that could take the port ends by its time limit, which busybox tells as 143. */
const take = (port: number) => `timeout 1 nc -l -p ${port}; test $? = 143`;

/** Bash that ends with 0 if it got out. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  'a server of another bottle': `>/dev/tcp/127.0.0.1/${PORT}`,
  "its proxy's port": take(egress.port),
  'an abstract socket of the host': listens,
  'a public address over IPv6': '>/dev/tcp/2001:db8::1/443',
  'the metadata of a cloud': '>/dev/tcp/169.254.169.254/80',
  'a name server': 'echo x >/dev/udp/192.0.2.1/53',
  'a name': '>/dev/tcp/example.com/443',
  'an answer to an echo request': 'ping -c 1 -W 1 192.0.2.1',
  "the engine's socket": 'ls /run/docker.sock || ls /var/run/docker.sock',
};

describeWithEngine('a program in containers, without its proxy,', () => {
  beforeAll(makeTestImage);

  it('reaches nothing of the host, of the internet or of another bottle', async () => {
    let datagrams = 0;
    const udp = createSocket('udp4', () => {
      datagrams += 1;
    });
    const abstract = createServer();
    await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve));
    await new Promise<void>(resolve => abstract.listen(`\0${ABSTRACT}`, resolve));
    const send = `echo x >/dev/udp/127.0.0.1/${udp.address().port}`;
    const backend = backendOf();
    const serve = `while :; do nc -l -p ${PORT}; done & until bash -c '>/dev/tcp/127.0.0.1/${PORT}'; do sleep 0.05; done; echo reached itself; sleep 60`;
    const other = specOf('serving-aaaaa', { command: shell(serve), egress });
    try {
      const { terminal } = await backend.launch(await backend.prepare(other), hostNamed('other'));
      await shows(terminal, 'reached itself');
      const attempts = Object.entries(ATTEMPTS).map(
        ([what, script]) => `bash -c '${script}' && echo "reached: ${what}"`,
      );
      const command = shell([...attempts, `bash -c '${send}'`, take(PORT), 'echo tried all: $?'].join('\n'));
      const output = await outputOf(specOf('trying-aaaaa', { command, egress }), hostNamed('one'));
      expect(output).toContain('tried all: 0');
      expect(output).not.toContain('reached: ');
      expect(output).not.toContain('not found');
      expect(datagrams).toBe(0);
      execFileSync('bash', ['-c', `${listens} && ${send}`]);
      while (datagrams === 0) await new Promise(resolve => setImmediate(resolve));
    } finally {
      udp.close();
      abstract.close();
      await backend.destroy(other);
    }
  });
});
