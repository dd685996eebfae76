// The load generator, in a process of its own. Each message asks for one measurement; the answer holds its figures.
import { Denied, head, open } from './client.mjs';

const WARM_UP_MS = 300;
const now = () => performance.now();
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Small requests. Without `rate` each connection sends its next as soon as it has its answer. With it so many a second are sent,
 * spread over the connections, whatever comes back: then no queue of the generator's own making is in the latency.
 * `keep: false` opens a connection for each request.
 */
async function requests({ path, connections, seconds, rate, keep = true }) {
  const request = head(path, 'GET', '/');
  const latencies = new Float64Array(2_000_000);
  const phase = { count: 0, failed: 0, measuring: false, over: false };

  async function connect(client) {
    client.socket = await open(path, data => {
      if (!endsAnswer(data)) return;
      const time = now();
      if (phase.measuring) latencies[phase.count++] = time - client.sent;
      client.sent = null;
      const next = rate === undefined ? time : client.due.shift();
      if (next !== undefined && !phase.over) send(client, next);
    });
  }
  function send(client, time) {
    client.sent = time;
    if (keep) return client.socket.write(request);
    client.socket?.destroy();
    connect(client).then(
      () => client.socket.write(request),
      () => (phase.failed += 1),
    );
  }

  const clients = Array.from({ length: connections }, () => ({ socket: null, sent: null, due: [] }));
  if (keep) for (const client of clients) await connect(client);
  if (rate === undefined) for (const client of clients) send(client, now());
  else sendAtRate(clients, send, rate, phase);
  await wait(WARM_UP_MS);
  process.send({ begun: true });
  phase.measuring = true;
  const start = now();
  await wait(seconds * 1000);
  const elapsed = (now() - start) / 1000;
  phase.measuring = false;
  phase.over = true;
  process.send({ ended: true });
  for (const { socket } of clients) socket?.destroy();
  const stuck = clients.filter(({ sent }) => sent !== null && now() - sent > 1000).length;
  return {
    perSecond: phase.count / elapsed,
    failed: phase.failed + stuck,
    ...percentiles(latencies.subarray(0, phase.count)),
  };
}

/** The origin's small answers end so, and no header line does. */
function endsAnswer(data) {
  return data[data.length - 1] === 0x0a && data[data.length - 2] === 0x78;
}

/** Each millisecond those that are due; to a connection that still waits for its answer, after it, timed from now. */
function sendAtRate(clients, send, rate, phase) {
  const start = now();
  let sent = 0;
  const timer = setInterval(() => {
    if (phase.over) return clearInterval(timer);
    const time = now();
    for (const due = ((time - start) / 1000) * rate; sent < due; sent++) {
      const client = clients[sent % clients.length];
      if (client.sent === null) send(client, time);
      else client.due.push(time);
    }
  }, 1);
}

/** A streamed answer: until its first event is here, and how long each event was on its way. A new connection for each. */
async function streams({ path, streams }) {
  const [first, transit] = [[], []];
  const request = head(path, 'GET', '/stream');
  for (let index = 0; index < streams; index++) {
    let socket;
    const start = now();
    let seen = false;
    await new Promise((resolve, reject) => {
      const onData = data => {
        const time = process.hrtime.bigint();
        for (const [, written] of data.toString('latin1').matchAll(/data: (\d+)/g)) {
          if (!seen) first.push(now() - start);
          seen = true;
          transit.push(Number(time - BigInt(written)) / 1e6);
        }
        if (transit.length === (index + 1) * 5) resolve();
      };
      open(path, onData).then(opened => {
        socket = opened;
        socket.write(request);
      }, reject);
    });
    socket.destroy();
  }
  return { first: percentiles(Float64Array.from(first)), transit: percentiles(Float64Array.from(transit)) };
}

/** One large answer or one large request, in MiB a second. */
async function bulk({ path, bytes, direction }) {
  let received = 0;
  return new Promise((resolve, reject) => {
    let start;
    let socket;
    const done = () => {
      socket.destroy();
      resolve({ mibPerSecond: bytes / 2 ** 20 / ((now() - start) / 1000) });
    };
    const onData = data => {
      received += data.length;
      if (direction === 'up' ? endsAnswer(data) : received >= bytes) done();
    };
    open(path, onData).then(opened => {
      socket = opened;
      process.send({ begun: true });
      start = now();
      if (direction === 'down') socket.write(head(path, 'GET', `/bytes/${bytes}`));
      else upload(socket, head(path, 'POST', '/', `Content-Length: ${bytes}\r\n`), bytes);
    }, reject);
  });
}

const CHUNK = Buffer.alloc(256 * 1024);
function upload(socket, requestHead, bytes) {
  socket.write(requestHead);
  let left = bytes;
  const write = () => {
    while (left > 0) {
      left -= CHUNK.length;
      if (!socket.write(CHUNK)) return void socket.once('drain', write);
    }
  };
  write();
}

/**
 * Holds open tunnels until a policy takes them away, and asks for a new one each millisecond from then on until it is denied.
 * Times are of the system's monotonic clock, in nanoseconds.
 */
async function cut({ path, connections }) {
  let left = connections;
  let allClosed;
  const closed = new Promise(resolve => {
    allClosed = () => --left === 0 && resolve(process.hrtime.bigint());
  });
  const request = head(path, 'GET', '/');
  for (let index = 0; index < connections; index++) {
    let answered;
    const answer = new Promise(resolve => (answered = resolve));
    (await open(path, () => answered(), allClosed)).write(request);
    await answer;
  }
  process.send({ begun: true });
  const denied = await firstDenial(path);
  return { denied: String(denied), closed: String(await closed) };
}

async function firstDenial(path) {
  for (;;) {
    try {
      (await open(path, () => {})).destroy();
    } catch (error) {
      if (error instanceof Denied) return process.hrtime.bigint();
      throw error;
    }
    await wait(1);
  }
}

function percentiles(values) {
  values.sort();
  const at = share => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

const measurements = { requests, streams, bulk, cut };
process.on('message', async ({ measure, ...options }) => {
  try {
    process.send({ result: await measurements[measure](options) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
