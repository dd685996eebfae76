// Our proxy in a process of its own, as a keeper runs it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { openEgress } from '@bot-bottle/egress';
import { auditLog, bottlePaths, listIdentities } from '@bot-bottle/state-paths';

const [root, certFile] = process.argv.slice(2);
const [identity] = listIdentities(root);
const paths = bottlePaths(root, identity);
const egress = await openEgress({
  bottle: identity,
  liveConfig: paths,
  folder: paths.sidecar('egress'),
  auditFile: auditLog(root, identity, 'egress'),
  roots: [readFileSync(certFile, 'utf8')],
});
const server = createServer({ noDelay: true, allowHalfOpen: true }, connection => egress.serve(connection));
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.send({ port: server.address().port, certificate: egress.trust.certificate });
});
process.on('disconnect', () => process.exit());
