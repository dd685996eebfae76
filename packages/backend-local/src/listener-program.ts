import { EGRESS_PROOF_STEPS } from '@bot-bottle/backend';

/**
 * The program that opens the bottle's way out: JavaScript that Node runs inside of the bottle's network namespace and nowhere
 * else in the bottle, before the agent does. Constant, as the shell texts are: it must be found also where this package is bundled.
 *
 * Arguments: the port, and the request that must be denied. Over its IPC channel it sends `{ listening: true }` with the listener,
 * then `{ answer }`, the first line of what the request was answered, or `{ failed }`, why there is no way out.
 * - Only loopback may be there, and nothing outside be reachable (EGRESS_PROOF_STEPS).
 * - Loopback may not be up yet, or have its address but no link: bubblewrap sets it up while this starts.
 * - Its own copy of the listener is closed before it asks: who answers is the other side.
 */
export const LISTENER_PROGRAM = `${EGRESS_PROOF_STEPS}
const { createServer } = require('node:net');
const [port, proof] = process.argv.slice(1);
process.once('disconnect', () => process.exit(1));
const say = (message, handle) => new Promise(done => process.send(message, handle, done));
const onceUp = action => action().catch(error => {
  if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'ENETUNREACH') throw error;
  return new Promise(done => setTimeout(done, 1)).then(() => onceUp(action));
});
const listen = () => new Promise((done, failed) => {
  const server = createServer();
  server.once('error', failed);
  server.listen({ host: '127.0.0.1', port }, () => done(server));
});
(async () => {
  checkInterfaces();
  const server = await onceUp(listen);
  await say({ listening: true }, server);
  server.close();
  const answer = await onceUp(() => ask(port, proof));
  await checkUnreachable();
  await say({ answer });
  process.exit();
})().catch(error => say({ failed: error.message }).then(() => process.exit(1)));
`;
