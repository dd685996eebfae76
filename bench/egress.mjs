// The egress proxy beside squid and tinyproxy (tunnels, plain HTTP) and mitmproxy (TLS ended by the proxy): one loopback origin, one run,
// in turns. Origin, load generator and proxies are processes of their own; the proxy has one processor, the other two share the next.
//   --install            installs the peers with apt-get, as root
//   --only=tunnel,plain,inspected,policy   some parts; BENCH_ROUNDS=5, BENCH_SECONDS=1, BENCH_BULK_MIB=1024, BENCH_CHANGES=120
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntilApplied } from '@bot-bottle/egress';
import { writeLiveConfig } from '@bot-bottle/live-config';
import { bottlePaths, reserveIdentity } from '@bot-bottle/state-paths';
import { firstDenial, ORIGIN } from './egress/client.mjs';
import {
  answerOf,
  cpuOf,
  memoryOf,
  presentPeers,
  start,
  startMitmproxy,
  startOurs,
  startSquid,
  startTinyproxy,
  stop,
} from './egress/proxies.mjs';
import { median } from './paired.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1);
const BULK_MIB = Number(process.env.BENCH_BULK_MIB ?? 1024);
const CONNECTIONS = [1, 50, 500];
/** Requests a second where latency is measured: all proxies of a part can serve that many. */
const RATE = { tunnel: 2000, plain: 500, inspected: 100 };
/** Before anything of it is measured, each serves for so long: Node is slower in its first seconds. */
const WARM_UP_SECONDS = 10;
/** mitmproxy as it is installed keeps bodies whole, and its time for one grows with the square of its size: it is given a small one too. */
const WHOLE_MIB = 16;
/** Milliseconds after which a transfer is given up. */
const MOST_MS = 120_000;
const POLICY_CHANGES = Number(process.env.BENCH_CHANGES ?? 120);

const only = process.argv
  .find(argument => argument.startsWith('--only='))
  ?.slice(7)
  .split(',');
const wanted = part => only === undefined || only.includes(part);
const json = process.argv.includes('--json');
const peers = presentPeers(process.argv.includes('--install'));

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'bot-bottle-bench-'));
chmodSync(folder, 0o755); // squid runs as a user of its own
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await main();
process.exit();

async function main() {
  const [cert, key] = certificate();
  const origin = await answerOf(start(1, process.execPath, [here('origin.mjs'), cert, key], { ipc: true }));
  const load = start(1, process.execPath, [here('load.mjs')], { ipc: true });
  const root = join(folder, 'root');
  const paths = bottlePaths(root, reserveIdentity(root, 'bench'));
  const allowlist = [origin.plain, origin.tls].map(port => ({ host: ORIGIN, port, flags: ['private'] }));
  await writeLiveConfig(paths, { allowlist, routes: [{ host: ORIGIN, port: origin.tls, paths: ['/**'] }] });

  const ports = [origin.plain, origin.tls];
  const starters = {
    squid: part => startSquid(join(folder, `${part}-squid`), ports),
    tinyproxy: part => startTinyproxy(join(folder, `${part}-tinyproxy`), ports),
    mitmproxy: part => startMitmproxy(join(folder, `${part}-mitmproxy`), cert),
  };
  const parts = {
    tunnel: { path: { way: 'tunnel', tls: false, origin: origin.plain }, against: ['squid', 'tinyproxy'] },
    plain: { path: { way: 'plain', tls: false, origin: origin.plain }, against: ['squid', 'tinyproxy'] },
    inspected: { path: { way: 'tunnel', tls: true, origin: origin.tls }, against: ['mitmproxy'] },
  };
  for (const [part, { path, against }] of Object.entries(parts)) {
    if (!wanted(part)) continue;
    const proxies = [await startOurs(root, cert)];
    for (const name of against.filter(peer => peers.includes(peer))) proxies.push(await starters[name](part));
    const direct = { name: 'direct', child: null, ca: readFileSync(cert, 'utf8') };
    await compare(part, path, [direct, ...proxies], load);
    if (part === 'inspected' && peers.includes('mitmproxy')) {
      proxies.push(await startMitmproxy(join(folder, 'as-installed'), cert, { whole: true }));
      const both = [direct, proxies[0], proxies.at(-1)];
      await bulk(part, path, both, load, WHOLE_MIB);
      await bulk(part, path, both, load, BULK_MIB, 1);
    }
    for (const proxy of proxies) await stop(proxy);
  }
  if (!wanted('policy')) return;
  const ours = await startOurs(root, cert);
  await policyChanges(paths, allowlist, ours, parts.tunnel.path, load);
  await stop(ours);
}

function through(path, { child, port, ca }) {
  return child === null ? { ...path, way: 'direct', ca } : { ...path, proxy: port, ca };
}

/** Everything that is measured of one way through the proxies. */
async function compare(part, path, proxies, load) {
  // tinyproxy closes the connection after each plain answer.
  const keep = proxy => !(part === 'plain' && proxy.name === 'tinyproxy');
  const memory = proxies
    .slice(1)
    .map(proxy => ({ proxy: proxy.name, 'MiB at the start': memoryOf(proxy.child.pid).now }));

  for (const proxy of proxies.slice(1)) {
    const connections = { connections: 50, seconds: WARM_UP_SECONDS, keep: keep(proxy) };
    await ask(load, proxy, { measure: 'requests', path: through(path, proxy), ...connections });
  }
  for (const connections of CONNECTIONS) {
    const rate = connections === 1 ? undefined : RATE[part];
    for (const paced of rate === undefined ? [undefined] : [undefined, rate]) {
      const results = await inTurns(proxies, ROUNDS, proxy =>
        ask(load, proxy, {
          measure: 'requests',
          path: through(path, proxy),
          connections,
          seconds: SECONDS,
          rate: paced,
          keep: keep(proxy),
        }),
      );
      if (rate !== undefined && paced === undefined) {
        for (const [index, line] of memory.entries())
          line[`with ${connections} connections`] = of(results[index + 1].runs, run => run.memory);
      }
      const title = `${part}, ${connections} connections, ${paced === undefined ? 'as fast as it goes' : `${paced} requests a second`}`;
      print(
        title,
        results.map(({ proxy, runs }) => requestLine(proxy, runs, results)),
      );
    }
  }
  const streamed = await inTurns(proxies, ROUNDS, proxy =>
    ask(load, proxy, { measure: 'streams', path: through(path, proxy), streams: 10 }),
  );
  print(
    `${part}, streamed answers, each on a new connection`,
    streamed.map(({ proxy, runs }) => ({
      proxy,
      'first event ms p50': of(runs, run => run.first.p50),
      p99: of(runs, run => run.first.p99),
      'event on its way ms p50': of(runs, run => run.transit.p50),
      ' p99': of(runs, run => run.transit.p99),
    })),
  );
  await bulk(part, path, proxies, load, BULK_MIB);
  for (const [index, line] of memory.entries()) line['at most'] = memoryOf(proxies[index + 1].child.pid).peak;
  print(`${part}, memory`, memory);
}

/** One large answer, and one large request. */
async function bulk(part, path, proxies, load, mib, rounds = Math.min(ROUNDS, 3)) {
  for (const direction of ['down', 'up']) {
    const size = { bytes: mib * 2 ** 20, direction, most: MOST_MS };
    const results = await inTurns(proxies, rounds, proxy =>
      ask(load, proxy, { measure: 'bulk', path: through(path, proxy), ...size }),
    );
    print(
      `${part}, ${mib} MiB ${direction}`,
      results.map(({ proxy, runs }) => ({
        proxy,
        'MiB/s': of(runs, run => run.mibPerSecond),
        'cpu s': of(runs, run => run.cpu),
        'ours/it': ratio(results, runs, run => run.mibPerSecond),
        failed: runs.reduce((sum, run) => sum + run.failed, 0),
        ...(runs.some(run => run.givenUp) && { 'given up after s': MOST_MS / 1000 }),
      })),
    );
  }
}

function requestLine(proxy, runs, results) {
  const direct = results[0].runs;
  const added = percentile => of(runs, (run, round) => (run[percentile] - direct[round][percentile]) * 1000);
  return {
    proxy,
    'requests/s': of(runs, run => run.perSecond),
    'µs p50': of(runs, run => run.p50 * 1000),
    p99: of(runs, run => run.p99 * 1000),
    'added p50': added('p50'),
    'added p99': added('p99'),
    'cpu µs': of(runs, run => (run.cpu / run.perSecond / SECONDS) * 1e6),
    busy: of(runs, run => run.cpu / SECONDS),
    'ours/it: requests': ratio(results, runs, run => run.perSecond),
    'ours/it: added p50': ratio(results, runs, (run, round) => run.p50 - direct[round].p50),
    'ours/it: added p99': ratio(results, runs, (run, round) => run.p99 - direct[round].p99),
    failed: runs.reduce((sum, run) => sum + run.failed, 0),
  };
}

/**
 * How long a change takes: from the call that writes it until the last of 500 open tunnels is closed, and until a new one is
 * denied. The call puts the policy on the disk and syncs it; how long that alone takes is shown beside it.
 */
async function policyChanges(paths, allowlist, { port, child }, way, load) {
  const path = { ...way, proxy: port };
  const times = { written: [], other: [], closed: [], denied: [] };
  const other = { host: '127.0.0.1', port: way.origin, flags: ['ip', 'private'] };
  const applied = async ({ generation }) => {
    const signal = AbortSignal.timeout(10_000);
    await waitUntilApplied(paths.sidecar('egress'), generation, { signal, pid: child.pid });
  };
  for (let change = 0; change < POLICY_CHANGES; change++) {
    const { promise: begun, result } = askRaw(load, { measure: 'cut', path, connections: 500 });
    await begun;
    await applied(await writeLiveConfig(paths, { allowlist: [...allowlist, other] }));
    const otherStart = process.hrtime.bigint();
    const otherDenied = firstDenial({ ...path, host: other.host });
    await applied(await writeLiveConfig(paths, { allowlist }));
    times.other.push(Number((await otherDenied) - otherStart) / 1e6);
    const start = process.hrtime.bigint();
    const since = time => Number(time - start) / 1e6;
    // From here, for the generator is busy with its own 500 closings.
    const denied = firstDenial(path);
    await writeLiveConfig(paths, { allowlist: [] });
    times.written.push(since(process.hrtime.bigint()));
    times.denied.push(since(await denied));
    const { closed } = await result;
    times.closed.push(since(BigInt(closed)));
    await applied(await writeLiveConfig(paths, { allowlist }));
  }
  const line = (what, values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = share => sorted[Math.floor(sorted.length * share)];
    return { 'from the call until': what, 'ms p50': at(0.5), p99: at(0.99), most: at(1 - 1e-9) };
  };
  print(`policy, ${POLICY_CHANGES} changes with 500 open tunnels`, [
    line('the new policy is on the disk', times.written),
    line('the last tunnel is closed', times.closed),
    line('a new tunnel is denied', times.denied),
    line('a tunnel to another host is denied, the 500 stay', times.other),
  ]);
}

/** Each in turn, so many rounds, beginning with another one each time. */
async function inTurns(proxies, rounds, measure) {
  const results = proxies.map(proxy => ({ proxy: proxy.name, runs: [] }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < proxies.length; turn++) {
      const index = (round + turn) % proxies.length;
      results[index].runs.push(await measure(proxies[index]));
    }
  }
  return results;
}

/** One measurement, with the processor time (seconds) that the proxy used meanwhile, and its memory at the end (MiB). */
async function ask(load, proxy, message) {
  const { promise: begun, ended, result } = askRaw(load, message);
  const pid = proxy.child?.pid;
  const cpu = () => (pid === undefined ? Number.NaN : cpuOf(pid));
  await begun;
  const before = cpu();
  await ended;
  const used = { cpu: cpu() - before, memory: pid === undefined ? Number.NaN : memoryOf(pid).now };
  return { ...(await result), ...used };
}

/** Sends a message to the generator. `promise`: it has begun to measure; `ended`: it stopped; `result`: its figures. */
function askRaw(load, message) {
  const [begun, ended, result] = [Promise.withResolvers(), Promise.withResolvers(), Promise.withResolvers()];
  const onMessage = answer => {
    if (answer.begun) return begun.resolve();
    if (answer.ended) return ended.resolve();
    load.off('message', onMessage);
    if (answer.error)
      result.reject(new Error(`${message.path.way} through ${message.path.proxy}: ${answer.error}`));
    else result.resolve(answer.result);
    begun.resolve();
    ended.resolve();
  };
  load.on('message', onMessage);
  load.send(message);
  return { promise: begun.promise, ended: ended.promise, result: result.promise };
}

function of(runs, figure) {
  return median(runs.map(figure));
}

/** The median of the rounds' ratios of ours to it. */
function ratio(results, runs, figure) {
  const ours = results.find(({ proxy }) => proxy === 'ours').runs;
  return median(runs.map((run, round) => figure(ours[round], round) / figure(run, round)));
}

/** One table for people; with `--json` one line for programs. */
function print(name, lines) {
  if (json) return console.log(JSON.stringify({ name, lines }));
  console.log(`\n${name}`);
  const round = value => {
    if (typeof value !== 'number') return value;
    return Number.isFinite(value) ? Number(value.toPrecision(3)) : '';
  };
  console.table(
    lines.map(line => Object.fromEntries(Object.entries(line).map(([key, value]) => [key, round(value)]))),
  );
}

function certificate() {
  const [cert, key] = [join(folder, 'origin.pem'), join(folder, 'origin.key')];
  const subject = ['-subj', '/CN=origin', '-addext', `subjectAltName=DNS:${ORIGIN}`];
  const keyType = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...keyType, '-keyout', key, '-out', cert, '-days', '2', ...subject],
    { stdio: 'pipe' },
  );
  return [cert, key];
}

function here(file) {
  return fileURLToPath(new URL(`./egress/${file}`, import.meta.url));
}
