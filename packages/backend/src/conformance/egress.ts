import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backend.js';
import { EGRESS_PROOF } from '../egress-proof.js';
import type { LaunchHost } from '../terminal.js';
import { withBottle } from './bottles.js';
import type { Programs } from './programs.js';
import { type ConformanceOptions, refuses, type TestRunner } from './runner.js';

const PORT = 3128;
const REQUEST = 'GET http://example.invalid/ HTTP/1.1\r\nHost: example.invalid\r\n\r\n';

/** What an adapter with the network `egress` promises. */
export function describeEgress(
  it: TestRunner['it'],
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
  programs: Programs,
): void {
  const egress = { port: PORT };

  it('brings connections from inside to the host, at each launch', () =>
    withBottle(makeBackend(), proxy(host(), 'the proxy'), async bottle => {
      for (let launch = 0; launch < 2; launch++) {
        const { output } = await bottle.run(programs.talk(PORT, REQUEST), { egress });
        assert.match(output, /^HTTP\/1.1 200 OK\s+answered by the proxy\s+$/);
      }
    }));

  it('leads each bottle to its own host', () =>
    withBottle(makeBackend(), proxy(host(), 'one'), async one => {
      await (await one.start(programs.wait(), { egress })).shows('ready');
      await withBottle(makeBackend(), proxy(host(), 'two'), async two => {
        const { output } = await two.run(programs.talk(PORT, REQUEST), { egress });
        assert.match(output, /answered by two/);
      });
    }));

  it('starts no agent where what must be denied is let out', () =>
    withBottle(
      makeBackend(),
      proxy(host(), 'everything', () => true),
      async bottle => {
        const command = programs.write(`${bottle.spec.workspace.target}/ran`, 'it ran');
        await refuses('isolation-failed', () => bottle.run(command, { egress }));
        assert.equal(existsSync(join(bottle.spec.workspace.source, 'ran')), false);
        assert.notEqual((await makeBackend().status(bottle.spec)).state, 'running');
      },
    ));

  it('starts no agent where the host serves no way out', () =>
    withBottle(makeBackend(), host(), async bottle => {
      await refuses('launch-failed', () => bottle.run(programs.exit(0), { egress }));
    }));

  it('has no way out where none is asked for', () => {
    let connections = 0;
    const serving = proxy(host(), 'the proxy', () => {
      connections += 1;
      return false;
    });
    return withBottle(makeBackend(), serving, async bottle => {
      assert.notEqual((await bottle.run(programs.talk(PORT, REQUEST))).exit.code, 0);
      assert.equal(connections, 0);
    });
  });

  for (const port of [0, 80, 65_536, 3128.5]) {
    it(`refuses the port ${port}`, () =>
      withBottle(makeBackend(), host(), async bottle => {
        await refuses('bad-spec', () => makeBackend().prepare(bottle.with({ egress: { port } })));
      }));
  }
}

/** What every other adapter promises. */
export function describeNoEgress(
  it: TestRunner['it'],
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
): void {
  it('refuses a way out that it cannot guard', () =>
    withBottle(makeBackend(), host(), async bottle => {
      await refuses('bad-spec', () => makeBackend().prepare(bottle.with({ egress: { port: PORT } })));
    }));
}

export function describeFiles(
  it: TestRunner['it'],
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
  programs: Programs,
): void {
  const withFile = (use: (source: string) => Promise<void>) => async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-conformance-'));
    try {
      const source = join(folder, 'file');
      writeFileSync(source, 'of the host');
      await use(source);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const target = '/run/bot-bottle/file';

  it(
    'shows a file of the host, which nobody inside can change',
    withFile(source =>
      withBottle(makeBackend(), host(), async bottle => {
        const files = [{ source, target }];
        assert.equal((await bottle.run(programs.read(target), { files })).output.trim(), 'of the host');
        assert.notEqual((await bottle.run(programs.write(target, 'of the agent'), { files })).exit.code, 0);
        assert.equal(readFileSync(source, 'utf8'), 'of the host');
      }),
    ),
  );

  for (const elsewhere of ['/usr/bin/env', '/etc/passwd', '/etc/ssl/../passwd', '/run/bot-bottle', 'file']) {
    it(
      `refuses to show a file at ${elsewhere}`,
      withFile(source =>
        withBottle(makeBackend(), host(), async bottle => {
          const files = [{ source, target: elsewhere }];
          await refuses('bad-spec', () => makeBackend().prepare(bottle.with({ files })));
        }),
      ),
    );
  }

  it('refuses a file that is not there, and what is no file', () =>
    withBottle(makeBackend(), host(), async bottle => {
      const { source } = bottle.spec.workspace;
      for (const wrong of [join(source, 'absent'), source]) {
        const files = [{ source: wrong, target }];
        await refuses('bad-spec', () => makeBackend().prepare(bottle.with({ files })));
      }
    }));
}

/** The host with a proxy small enough to read: it denies EGRESS_PROOF, unless told to allow it, and answers with its name. */
function proxy(host: LaunchHost, name: string, allows: () => boolean = () => false): LaunchHost {
  return {
    openTerminal: command => host.openTerminal(command),
    serveEgress(connection) {
      const proofAllowed = allows();
      let request = '';
      connection.on('error', () => {});
      connection.on('data', (chunk: Uint8Array) => {
        request += Buffer.from(chunk).toString();
        if (!request.endsWith('\r\n\r\n')) return;
        const denied = request === EGRESS_PROOF && !proofAllowed;
        connection.end(`HTTP/1.1 ${denied ? '403 Forbidden' : '200 OK'}\r\n\r\nanswered by ${name}\n`);
      });
    },
  };
}
