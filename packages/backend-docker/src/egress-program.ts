/** Where the egress container sees the folder of the keeper's socket. */
export const SOCKET_FOLDER = '/run/bot-bottle';
export const SOCKET_NAME = 'way-out.sock';

/** How the egress container's program is run in its image; then `serve PORT`, or `prove PORT` and the request that must be denied. */
export const EGRESS_PROGRAM = ['/bot-bottle/node', '/bot-bottle/egress.js'] as const;

/**
 * The program of the egress container, JavaScript for Node. Constant, so that it is found also where this package is bundled.
 *
 * - `serve`: hands each connection to 127.0.0.1:<port> of the bottle's network to the keeper's socket, octet for octet. Without a
 *   keeper it closes them: the bottle then reaches nothing.
 * - `prove`: ends with 0 when the network has loopback alone, nothing outside can be reached from it (addresses of RFC 5737 and RFC
 *   3849, which are nobody's), and what must be denied was asked and denied; else says why not.
 */
export const EGRESS_SOURCE = `
const { readFileSync } = require('node:fs');
const { connect, createServer } = require('node:net');
const [task, port, proof] = process.argv.slice(2);
const socketPath = '${SOCKET_FOLDER}/${SOCKET_NAME}';
const serve = () => createServer({ allowHalfOpen: true, noDelay: true }, inside => {
  const keeper = connect({ path: socketPath, allowHalfOpen: true });
  const over = () => { inside.destroy(); keeper.destroy(); };
  for (const side of [inside, keeper]) side.on('error', over);
  inside.pipe(keeper).pipe(inside);
}).listen({ host: '127.0.0.1', port });
const ask = () => new Promise((done, failed) => {
  let answer = '';
  const socket = connect({ host: '127.0.0.1', port });
  socket.once('error', failed);
  socket.once('close', () => done(answer.split('\\r\\n')[0]));
  socket.on('data', chunk => {
    answer += chunk;
    if (answer.includes('\\r\\n')) socket.destroy();
  });
  socket.write(proof);
});
const onceUp = (tries = 500) => ask().catch(error => {
  if (error.code !== 'ECONNREFUSED' || tries === 0) throw error;
  return new Promise(done => setTimeout(done, 10)).then(() => onceUp(tries - 1));
});
const reach = host => new Promise(done => {
  const socket = connect({ host, port: 443 });
  socket.once('connect', () => done('connected'));
  socket.once('error', error => done(error.code));
});
const prove = async () => {
  const interfaces = readFileSync('/proc/self/net/dev', 'utf8').match(/[^ \\n]+(?=:)/g).join(' ');
  if (interfaces !== 'lo') throw new Error('there is a network: ' + interfaces);
  const answer = await onceUp();
  if (!/^HTTP\\/1\\.[01] 403\\b/.test(answer)) throw new Error('what must be denied was answered ' + JSON.stringify(answer));
  for (const host of ['192.0.2.1', '2001:db8::1']) {
    const outcome = await reach(host);
    if (!['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(outcome)) throw new Error(host + ': ' + outcome);
  }
};
if (task === 'serve') serve();
else prove().then(() => process.exit(0), error => { console.error(error.message); process.exit(1); });
`;
