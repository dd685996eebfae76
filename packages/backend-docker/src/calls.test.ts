import { describeWithEngine, makeTestImage } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { backendOf, specOf } from '../test/bottle.js';
import { loggingClient } from '../test/logging-client.js';

describeWithEngine('the client', () => {
  beforeAll(() => makeTestImage());

  it('that is a script is called three times, beside Compose, before an agent starts', async () => {
    const { folder, calls } = loggingClient();
    const backend = backendOf({ env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } });
    const spec = specOf('calls-aaaaa', { egress: { port: 3128 } });
    const serveEgress = (connection: import('node:stream').Duplex) =>
      void connection.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    try {
      const prepared = await backend.prepare(spec);
      const earlier = calls().length;
      await (await backend.launch(prepared, { ...ptyHost(), serveEgress })).exited;
      const launching = calls()
        .slice(earlier)
        .map(call => call.replace(/ --.*/, ''))
        .filter(call => !call.startsWith('compose'));
      const own = launching.slice(0, launching.lastIndexOf('start'));
      // What is there, the network that Compose gave, and the sidecar with its proof.
      expect(own.sort()).toEqual(['container inspect', 'ps', 'start']);
    } finally {
      await backend.destroy(spec);
    }
  });
});
