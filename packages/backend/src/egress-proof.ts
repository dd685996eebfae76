/** The host of EGRESS_PROOF: no name that anybody can have (RFC 6761). By it an audit log's reader knows the proof. */
export const EGRESS_PROOF_HOST = 'proof.invalid';

/**
 * A request that no proxy lets out, whatever its policy allows: the Host is not the host of the URL. An adapter sends it from
 * inside, before the agent runs, and expects the status 403.
 */
export const EGRESS_PROOF = `GET http://${EGRESS_PROOF_HOST}/ HTTP/1.1\r\nHost: another.invalid\r\n\r\n`;

/**
 * JavaScript for a program that an adapter runs in a bottle's network, to be put at its beginning: a text, so that it is found also
 * where an adapter is bundled. It defines `readFileSync`, `connect` and
 * - `checkInterfaces()`: throws unless loopback is the only interface;
 * - `ask(port, proof)`: resolves with the first line of what 127.0.0.1:<port> answers;
 * - `checkUnreachable()`: rejects if anything outside can be reached (addresses of RFC 5737 and RFC 3849, which are nobody's).
 */
export const EGRESS_PROOF_STEPS = `
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');
const checkInterfaces = () => {
  const interfaces = readFileSync('/proc/self/net/dev', 'utf8').match(/[^ \\n]+(?=:)/g).join(' ');
  if (interfaces !== 'lo') throw new Error('there is a network: ' + interfaces);
};
const ask = (port, proof) => new Promise((done, failed) => {
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
const reach = host => new Promise(done => {
  const socket = connect({ host, port: 443 });
  socket.once('connect', () => done('connected'));
  socket.once('error', error => done(error.code));
});
const checkUnreachable = async () => {
  for (const host of ['192.0.2.1', '2001:db8::1']) {
    const outcome = await reach(host);
    if (!['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(outcome)) throw new Error(host + ': ' + outcome);
  }
};
`;
