import { EGRESS_PROOF, EGRESS_PROOF_STEPS } from '@bot-bottle/backend';

/** Where the egress container sees the folder of the keeper's socket. */
export const SOCKET_FOLDER = '/run/bot-bottle';
export const SOCKET_NAME = 'way-out.sock';

/** How the egress container's program is run in its image; then `serve PORT` or `prove PORT`. */
export const EGRESS_PROGRAM = ['/bot-bottle/node', '/bot-bottle/egress.js'] as const;

/** The first line that the egress container shows where its network is as it must be; any other says why not. */
export const PROVEN = 'proven';

/**
 * The program of the egress container, JavaScript for Node. Constant, so that it is found also where this package is bundled.
 *
 * - `serve`: hands each connection to 127.0.0.1:<port> of the bottle's network to the keeper's socket, octet for octet. Without a
 *   keeper it closes them: the bottle then reaches nothing. At its start it proves its network, and goes on whatever comes of that.
 * - `prove`: the same proof of an egress container that runs already. Both say `PROVEN` when the network has loopback alone, nothing
 *   outside can be reached from it (addresses of RFC 5737 and RFC 3849, which are nobody's), and what must be denied was asked and denied.
 */
export const EGRESS_SOURCE = `${EGRESS_PROOF_STEPS}
const { createServer } = require('node:net');
const [task, port] = process.argv.slice(2);
const socketPath = '${SOCKET_FOLDER}/${SOCKET_NAME}';
const serve = () => createServer({ allowHalfOpen: true, noDelay: true }, inside => {
  const keeper = connect({ path: socketPath, allowHalfOpen: true });
  const over = () => { inside.destroy(); keeper.destroy(); };
  for (const side of [inside, keeper]) side.on('error', over);
  inside.pipe(keeper).pipe(inside);
}).listen({ host: '127.0.0.1', port }, prove);
const prove = async () => {
  try {
    checkInterfaces();
    const answer = await ask(port, ${JSON.stringify(EGRESS_PROOF)});
    if (!/^HTTP\\/1\\.[01] 403\\b/.test(answer)) throw new Error('what must be denied was answered ' + JSON.stringify(answer));
    await checkUnreachable();
    console.log('${PROVEN}');
  } catch (error) {
    console.log('not proven: ' + error.message);
  }
};
if (task === 'serve') serve();
else prove();
`;
