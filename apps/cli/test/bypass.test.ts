/** What a program in a real bottle may try to get out by another way than its policy. The proxy's own table is egress `test/bypass`. */
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AuditRecord, type DenyRule, readAuditLog } from '@bot-bottle/egress';
import { auditLog, type BottlePaths } from '@bot-bottle/state-paths';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator, until } from './support/cli.js';

const HOST = 'host.bot-bottle.internal';
const ABSTRACT = `bot-bottle-bypass-${process.pid}`;
/** What another bottle serves within itself. */
const OTHERS = { port: 4711, abstract: 'bot-bottle-of-another-bottle' };
const PROXY = '-x http://127.0.0.1:3128 --noproxy ""';
const NO_PROXY = 'env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY -u all_proxy -u ALL_PROXY';
const CURL = 'curl -sS --fail --max-time 20';

interface Attempt {
  readonly what: string;
  /** Bash that ends with 0 if it got out. ALLOWED and FORBIDDEN are ports of the host, KEEPER a socket of it. */
  readonly script: string;
  /** The denial in the bottle's log; absent: it never came to the proxy. */
  readonly denied?: {
    readonly rule: DenyRule;
    readonly host?: string;
    readonly port?: number | 'FORBIDDEN' | 'ALLOWED';
  };
  /** On the host it succeeds. */
  readonly control?: true;
}

const unix = (path: string) =>
  `perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); my $p = shift; $p =~ s/^@/\\0/; exit !connect($s, pack_sockaddr_un($p))' '${path}'`;
const raw = (message: string) =>
  `exec 3<>/dev/tcp/127.0.0.1/3128; printf '${message}' >&3; head -c 400 <&3 | tee /dev/stderr | grep -q '^HTTP/1.1 200'`;

/** Perl that serves them, and says so once it has reached both itself. */
const SERVE = `use Socket;
my @both = (pack_sockaddr_in(${OTHERS.port}, inet_aton("127.0.0.1")), pack_sockaddr_un("\\0${OTHERS.abstract}"));
for (@both) { socket(my $s, sockaddr_family($_), SOCK_STREAM, 0); bind($s, $_) && listen($s, 5) or die; push @s, $s }
for (@both) { socket(my $c, sockaddr_family($_), SOCK_STREAM, 0); connect($c, $_) or die }
$| = 1; print "reached itself\\n"; sleep 600`;

const ATTEMPTS: readonly Attempt[] = [
  // Without the proxy
  {
    what: 'connect without the proxy variables',
    script: `${NO_PROXY} ${CURL} http://127.0.0.1:FORBIDDEN/`,
    control: true,
  },
  {
    what: 'connect to the host by its name without the proxy',
    script: `${NO_PROXY} ${CURL} http://${HOST}:FORBIDDEN/`,
  },
  {
    what: 'name a proxy of its own',
    script: `http_proxy=http://127.0.0.1:FORBIDDEN ${CURL} http://evil.test/`,
    control: true,
  },
  { what: 'connect over IPv6', script: `${NO_PROXY} ${CURL} -g "http://[::1]:FORBIDDEN/"`, control: true },
  { what: 'connect to an address of the internet', script: 'exec 3<>/dev/tcp/1.1.1.1/443' },
  { what: 'connect to the metadata of a cloud', script: 'exec 3<>/dev/tcp/169.254.169.254/80' },
  {
    what: 'connect to all addresses of this host',
    script: 'exec 3<>/dev/tcp/0.0.0.0/FORBIDDEN',
    control: true,
  },
  { what: 'look a name up', script: 'getent ahosts example.com' },
  {
    what: 'ask a name server over UDP, and get an answer',
    script: 'exec 3<>/dev/udp/127.0.0.1/FORBIDDEN; echo x >&3; timeout 5 head -c 1 <&3 | grep -q x',
    control: true,
  },
  { what: 'send a datagram to the internet', script: 'echo x >/dev/udp/1.1.1.1/53' },
  {
    what: 'send ICMP',
    script: `perl -MSocket -e 'exit !(socket(my $s, AF_INET, SOCK_RAW, 1) || socket($s, AF_INET, SOCK_DGRAM, 1))'`,
  },
  {
    what: 'read packets off the wire',
    script: `perl -MSocket -e 'exit !socket(my $s, 17, SOCK_RAW, 0x300)'`,
  },
  {
    what: 'add an address through netlink',
    script: `perl -MSocket -e 'socket(my $s, 16, SOCK_RAW, 0) or exit 1; my $a = pack("LSSLLCCCCLSS", 40, 20, 0x605, 1, 0, AF_INET, 24, 0, 0, 1, 8, 2) . pack("C4", 10, 0, 0, 2) . pack("SSC4", 8, 1, 10, 0, 0, 2); syswrite($s, $a); sysread($s, my $answer, 4096); exit(unpack("l", substr($answer, 16, 4)) != 0)'`,
  },
  { what: 'make a network of its own', script: 'unshare --net true || unshare --user --net true' },
  { what: 'enter the network of another process', script: 'nsenter --net=/proc/1/ns/net true' },
  { what: 'connect to an abstract socket of the host', script: unix(`@${ABSTRACT}`), control: true },
  { what: "connect to its keeper's socket", script: unix('KEEPER'), control: true },
  { what: "connect to another bottle's keeper", script: unix('OTHER'), control: true },
  { what: 'connect to what another bottle serves', script: `exec 3<>/dev/tcp/127.0.0.1/${OTHERS.port}` },
  { what: "connect to another bottle's abstract socket", script: unix(`@${OTHERS.abstract}`) },
  { what: 'find any socket of the host', script: 'find / -xdev -type s 2>/dev/null | grep -q .' },
  {
    what: "take the proxy's place",
    script: `perl -MSocket -e 'socket(my $s, AF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); setsockopt($s, SOL_SOCKET, SO_REUSEPORT, 1); exit !(bind($s, pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) && listen($s, 1))'`,
  },
  { what: 'write its own allowlist', script: 'find / -path "*live-config*" 2>/dev/null | grep -q .' },
  {
    what: "write the proxy's certificates",
    script: 'echo x >>/run/bot-bottle/ca.pem || echo x >>/run/bot-bottle/ca-bundle.pem',
  },
  {
    what: "read the key of the proxy's authority",
    script:
      'grep -rls "PRIVATE KEY" /run/bot-bottle | grep -q . || find / -name ca.key.pem 2>/dev/null | grep -q .',
  },
  // Through the proxy
  {
    what: "reach the host's loopback",
    script: `${CURL} ${PROXY} http://127.0.0.1:FORBIDDEN/`,
    denied: { rule: 'host-not-allowed', host: '127.0.0.1', port: 'FORBIDDEN' },
  },
  {
    what: "reach the host's loopback in hexadecimal",
    script: raw('GET http://0x7f.1:FORBIDDEN/ HTTP/1.1\\r\\nHost: 0x7f.1:FORBIDDEN\\r\\n\\r\\n'),
    denied: { rule: 'host-not-allowed', host: '127.0.0.1', port: 'FORBIDDEN' },
  },
  {
    what: "reach the host's loopback in IPv6",
    script: `${CURL} ${PROXY} -g "http://[::ffff:127.0.0.1]:FORBIDDEN/"`,
    denied: { rule: 'host-not-allowed', host: '127.0.0.1', port: 'FORBIDDEN' },
  },
  {
    what: 'reach another port of the host',
    script: `${CURL} ${PROXY} http://${HOST}:FORBIDDEN/`,
    denied: { rule: 'port-not-allowed', host: HOST, port: 'FORBIDDEN' },
  },
  {
    what: 'reach another port of the host in a tunnel',
    script: `${CURL} ${PROXY} -p http://${HOST}:FORBIDDEN/`,
    denied: { rule: 'port-not-allowed', host: HOST, port: 'FORBIDDEN' },
  },
  {
    what: 'reach SSH',
    script: `${CURL} ${PROXY} -p http://${HOST}:22/`,
    denied: { rule: 'port-not-allowed', host: HOST, port: 22 },
  },
  {
    what: 'reach mail',
    script: `${CURL} ${PROXY} -p http://${HOST}:25/`,
    denied: { rule: 'port-not-allowed', host: HOST, port: 25 },
  },
  {
    what: 'reach a name that ends in the allowed one',
    script: `${CURL} ${PROXY} http://evil-${HOST}:ALLOWED/`,
    denied: { rule: 'host-not-allowed', host: `evil-${HOST}` },
  },
  {
    what: 'reach a name that begins with the allowed one',
    script: `${CURL} ${PROXY} http://${HOST}.evil.test:ALLOWED/`,
    denied: { rule: 'host-not-allowed', host: `${HOST}.evil.test` },
  },
  {
    what: 'name another host in the header',
    script: `${CURL} ${PROXY} -H "Host: evil.test" http://${HOST}:ALLOWED/`,
    denied: { rule: 'host-mismatch' },
  },
  {
    what: 'name another host within a tunnel',
    script: `${CURL} ${PROXY} -p -H "Host: evil.test" http://${HOST}:ALLOWED/`,
    denied: { rule: 'host-mismatch', host: HOST, port: 'ALLOWED' },
  },
  {
    what: 'name another host to TLS',
    script: `${CURL} ${PROXY} -k --connect-to evil.test:443:${HOST}:ALLOWED https://evil.test/`,
    denied: { rule: 'server-name-mismatch', host: HOST, port: 'ALLOWED' },
  },
  {
    what: 'ask an allowed origin for another host in a tunnel',
    script: raw(
      `CONNECT ${HOST}:ALLOWED HTTP/1.1\\r\\n\\r\\nCONNECT evil.test:443 HTTP/1.1\\r\\n\\r\\n`,
    ).replace("'^HTTP/1.1 200'", "'^HTTP/1.1 200 OK'"),
    denied: { rule: 'malformed', host: HOST, port: 'ALLOWED' },
  },
  {
    what: 'follow a redirect',
    script: `${CURL} -L ${PROXY} http://${HOST}:ALLOWED/redirect`,
    denied: { rule: 'port-not-allowed', host: HOST, port: 'FORBIDDEN' },
  },
  {
    what: 'use it as SOCKS',
    script: `${CURL} --noproxy "" --socks5-hostname 127.0.0.1:3128 http://evil.test/`,
    denied: { rule: 'malformed' },
  },
  {
    what: 'ask a name server over HTTPS',
    script: `${CURL} ${PROXY} "https://1.1.1.1/dns-query?name=example.com"`,
    denied: { rule: 'host-not-allowed', host: '1.1.1.1', port: 443 },
  },
  {
    what: 'ask a name server over TCP',
    script: raw('CONNECT 1.1.1.1:53 HTTP/1.1\\r\\n\\r\\n'),
    denied: { rule: 'host-not-allowed', host: '1.1.1.1', port: 53 },
  },
  { what: 'use FTP', script: `${CURL} ${PROXY} ftp://evil.test/`, denied: { rule: 'malformed' } },
  {
    what: 'upgrade to WebSocket',
    script: `${CURL} ${PROXY} -H "Connection: Upgrade" -H "Upgrade: websocket" http://evil.test/`,
    denied: { rule: 'host-not-allowed', host: 'evil.test', port: 80 },
  },
  {
    what: 'hide a host behind user-info',
    script: raw(`GET http://${HOST}:ALLOWED@evil.test/ HTTP/1.1\\r\\nHost: evil.test\\r\\n\\r\\n`),
    denied: { rule: 'malformed' },
  },
];

/** What it may do, so that the rest is not denied for another reason. */
const MAY: Attempt = { what: 'reach what is allowed', script: `${CURL} http://${HOST}:ALLOWED/` };
const CONTROLS = ATTEMPTS.filter(({ control }) => control);

describeWith(['bwrap', 'curl', 'perl', 'unshare', 'nsenter'], 'A program in a bottle', () => {
  const operator = new Operator();
  const origins: (Server | Socket)[] = [];
  const folder = temporaryFolder();
  const ports = { FORBIDDEN: 0, ALLOWED: 0 };
  let mine: BottlePaths;
  let denials: readonly AuditRecord[];
  /** What came to the forbidden origin of the host. */
  let forbidden = 0;
  let forbiddenOnTheHost = 0;
  let outcomes: readonly string[];
  let outcomesOnTheHost: readonly string[];

  /** Bash that makes the attempts, one after the other, and writes a line with the exit status of each. */
  const scriptOf = (
    attempts: readonly Attempt[],
    [keeper, other]: readonly string[],
    out: string,
  ): string => {
    const lines = attempts.map(({ script }) => {
      const text = script
        .replaceAll('FORBIDDEN', String(ports.FORBIDDEN))
        .replaceAll('ALLOWED', String(ports.ALLOWED))
        .replace('KEEPER', keeper ?? '')
        .replace('OTHER', other ?? '');
      return `said=$(timeout 30 bash -c ${quoted(text)} 2>&1); echo $? ${'$'}{said:0:300} >>${out}.part`;
    });
    return [...lines, `mv ${out}.part ${out}`].join('\n');
  };

  const read = (file: string) => readFileSync(join(folder, file), 'latin1').trimEnd().split('\n');

  beforeAll(async () => {
    const hidden = createHttp((_request, response) => response.end('forbidden'));
    hidden.on('connection', () => forbidden++);
    const open = createHttp(({ url }, response) => {
      if (url === '/redirect') response.writeHead(302, { location: `http://${HOST}:${ports.FORBIDDEN}/` });
      response.end('allowed');
    });
    const abstract = createServer(socket => socket.end());
    const names = createSocket('udp4', (_message, { port, address }) => {
      forbidden++;
      names.send('x\n', port, address);
    });
    await new Promise<void>(resolve => hidden.listen(0, '::', resolve));
    await new Promise<void>(resolve => open.listen(0, '127.0.0.1', resolve));
    await new Promise<void>(resolve => abstract.listen(`\0${ABSTRACT}`, resolve));
    ports.FORBIDDEN = (hidden.address() as AddressInfo).port;
    ports.ALLOWED = (open.address() as AddressInfo).port;
    await new Promise<void>(resolve => names.bind(ports.FORBIDDEN, '127.0.0.1', resolve));
    origins.push(hidden, open, abstract, names);

    // The other bottle may reach what this one may not.
    const open2 = `${HOST}:${ports.FORBIDDEN} private`;
    const other = await operator.start('shell', '--allow', open2, '--', '-c', `perl -e ${quoted(SERVE)}`);
    await until(() => readFileSync(other.terminalLog, 'utf8').includes('reached itself'));
    const wait = 'until [ -e go ]; do sleep 0.1; done; bash ./go; sleep 600';
    const allow = `${HOST}:${ports.ALLOWED} private`;
    mine = await operator.start('shell', '--allow', allow, '--cwd', folder, '--', '-c', wait);
    writeFileSync(
      join(folder, 'go.part'),
      scriptOf([...ATTEMPTS, MAY], [mine.controlSocket, other.controlSocket], 'outcomes'),
    );
    renameSync(join(folder, 'go.part'), join(folder, 'go'));
    await until(() => existsSync(join(folder, 'outcomes')), 180_000);
    outcomes = read('outcomes');
    denials = [...readAuditLog(auditLog(operator.root, mine.identity, 'egress'))].filter(
      ({ event }) => event === 'denied',
    );

    const atTheBottle = forbidden;
    const host = scriptOf(CONTROLS, [mine.controlSocket, other.controlSocket], 'controls');
    await promisify(execFile)('bash', ['-c', host], {
      cwd: folder,
      env: { PATH: operator.env['PATH'] ?? '' },
    });
    outcomesOnTheHost = read('controls');
    forbiddenOnTheHost = forbidden - atTheBottle;
    forbidden = atTheBottle;
  }, 240_000);

  afterAll(async () => {
    await operator.killAll();
    for (const each of origins) await new Promise<void>(resolve => each.close(() => resolve()));
  });

  it.each(ATTEMPTS.map((attempt, index) => [attempt.what, attempt, index] as const))(
    'cannot %s',
    (_what, { denied }, index) => {
      // 124, 126, 127: it did not come to an end, or the tool is not there.
      expect(outcomes[index]).toMatch(/^(?!0 |124 |126 |127 )\d+/);
      if (!denied) return;
      const { rule, host, port } = denied;
      const where = {
        ...(host && { host }),
        ...(port && { port: typeof port === 'number' ? port : ports[port] }),
      };
      expect(denials).toContainEqual(expect.objectContaining({ rule, bottle: mine.identity, ...where }));
    },
  );

  it('could do some of it on the host', () => {
    expect(outcomesOnTheHost).toEqual(CONTROLS.map(() => expect.stringMatching(/^0/)));
    expect(forbiddenOnTheHost).toBeGreaterThanOrEqual(5);
  });

  it('has not reached what is forbidden once, and can do what it may', async () => {
    expect(forbidden).toBe(0);
    expect(outcomes.slice(ATTEMPTS.length)).toEqual(['0 allowed']);
  });
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
