// The load generator, in a process of its own. Each message asks for one measurement; the answer holds its figures.
import { head, open } from './client.mjs';

const WARM_UP_MS = 1000;
const CUT = 'the connection was closed';
const EVENTS = 5; // in a streamed answer of the origin's
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
      if (client.begun) return client.begun();
      const next = rate === undefined ? time : client.due.shift();
      if (next !== undefined && !phase.over) send(client, next);
    });
  }
  /** Connects, and has one request answered: a busy Node takes new connections slowly, and that is not what is measured here. */
  async function begin(client) {
    await connect(client);
    await new Promise(resolve => {
      client.begun = resolve;
      send(client, now());
    });
    client.begun = null;
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

  const clients = Array.from({ length: connections }, () => ({
    socket: null,
    begun: null,
    sent: null,
    due: [],
  }));
  if (keep) for (const client of clients) await begin(client);
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

/** Streamed answers, one after the other, each on a new connection: until the first event is here, and how long each was on its way. */
async function streams({ path, streams }) {
  const [first, transit] = [[], []];
  for (let index = 0; index < streams; index++) {
    const start = now();
    const events = await stream(path);
    first.push(events[0].at - start);
    transit.push(...events.map(({ onItsWay }) => onItsWay));
  }
  return { first: percentiles(Float64Array.from(first)), transit: percentiles(Float64Array.from(transit)) };
}

function stream(path) {
  const events = [];
  let text = '';
  return new Promise((resolve, reject) => {
    const onData = data => {
      const [at, time] = [now(), process.hrtime.bigint()];
      text += data.toString('latin1');
      for (const [whole, written] of text.matchAll(/^data: (\d+)\n\n/gm)) {
        events.push({ at, onItsWay: Number(time - BigInt(written)) / 1e6 });
        text = text.slice(text.indexOf(whole) + whole.length);
      }
      if (events.length < EVENTS) return;
      opened.then(socket => socket.destroy());
      resolve(events);
    };
    const opened = open(path, onData, () => reject(new Error(CUT)));
    opened.then(socket => socket.write(head(path, 'GET', '/stream')), reject);
  });
}

/** Attempts at one transfer: squid 5.7 breaks off many uploads that come fast, as if the client had ended them. */
const ATTEMPTS = 20;

/**
 * One large answer or one large request, in MiB a second; NaN where every attempt was broken off. What is not over after `most`
 * milliseconds is given up, and the figure is what it would have been just then: more than it was.
 */
async function bulk(options) {
  for (let failed = 0; failed < ATTEMPTS; failed++) {
    try {
      return { ...(await transfer(options)), failed };
    } catch (error) {
      if (error.message !== CUT) throw error;
    }
  }
  return { mibPerSecond: Number.NaN, failed: ATTEMPTS };
}

function transfer({ path, bytes, direction, most = Number.POSITIVE_INFINITY }) {
  let received = 0;
  return new Promise((resolve, reject) => {
    let start;
    let patience;
    const onData = data => {
      received += data.length;
      const done = direction === 'up' ? endsAnswer(data) : received >= bytes;
      if (!done) return;
      end(now() - start);
    };
    const end = (milliseconds, givenUp = false) => {
      clearTimeout(patience);
      opened.then(socket => socket.destroy());
      resolve({ mibPerSecond: bytes / 2 ** 20 / (milliseconds / 1000), givenUp });
    };
    const opened = open(path, onData, () => reject(new Error(CUT)));
    opened.then(socket => {
      process.send({ begun: true });
      start = now();
      if (Number.isFinite(most)) patience = setTimeout(() => end(most, true), most);
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
 * Holds open tunnels until a policy takes them away, and says when the last was closed, in nanoseconds of the system's monotonic
 * clock.
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
  return { closed: String(await closed) };
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
