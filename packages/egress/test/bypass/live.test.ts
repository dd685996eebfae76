import { clientHello } from '../client-hello.js';
import { lookingTwice } from './naive-proxy.js';
import { ALLOWLIST, Rig, type RigOptions } from './rig.js';
import { Witness } from './witness.js';

const CONNECT = 'CONNECT allowed.example:PORT HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n';
const GET = 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n';
const GET_WITHIN = 'GET / HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n';
const NOBODY = '# nobody\n';

/** Runs with a rig that is closed in the end; what is asserted about the log comes after. */
async function withRig<T>(options: RigOptions, use: (rig: Rig) => Promise<T>): Promise<[T, Rig]> {
  const rig = await Rig.start(options);
  try {
    return [await use(rig), rig];
  } finally {
    await rig.close();
  }
}

function closedGate() {
  let resolve = () => {};
  const promise = new Promise<void>(open => {
    resolve = open;
  });
  return { promise, resolve };
}

function rulesOf(rig: Rig) {
  return rig.log().map(({ event, rule, cut }) => [event, rule, ...(cut ? [cut] : [])].join(' '));
}

describe('A policy that no longer allows a host', () => {
  it('cuts a tunnel of TLS that is open', async () => {
    const [heard, rig] = await withRig({}, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(CONNECT));
      await wire.answers();
      wire.send(clientHello('allowed.example'));
      await rig.allowed.hears(/allowed/);
      await rig.apply({ allowlist: NOBODY });
      wire.send('more');
      return wire.end();
    });
    expect(heard).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    expect(rig.allowed.heard.join('')).not.toContain('more');
    expect(rulesOf(rig)).toEqual(['opened allowlist', 'closed allowlist policy']);
  });

  it('cuts a tunnel on which nothing was said yet', async () => {
    const [heard, rig] = await withRig({}, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(CONNECT));
      await wire.answers();
      await rig.apply({ allowlist: NOBODY });
      wire.send(clientHello('allowed.example'));
      return wire.end();
    });
    expect(heard).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    expect(rig.allowed.heard.join('')).toBe('');
  });

  it.each([
    ['a proxied connection', '', GET],
    ['a tunnel of HTTP', CONNECT, GET_WITHIN],
  ])('denies the next request on %s', async (_name, open, get) => {
    const [answers, rig] = await withRig({}, async rig => {
      const wire = await rig.wire();
      const before = open === '' ? 0 : 1;
      wire.send(rig.text(open));
      await wire.answers(before);
      wire.send(rig.text(get));
      await wire.answers(before + 1);
      await rig.apply({ allowlist: NOBODY });
      wire.send(rig.text(get));
      return (await wire.answers(before + 2)).slice(before);
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect(rulesOf(rig)).toEqual(['opened allowlist', 'closed allowlist', 'denied host-not-allowed']);
    expect(rig.allowed.heard.join('').match(/GET/g)).toHaveLength(1);
  });

  it('denies an upload on its way', async () => {
    const silent = () => new Witness('allowed', () => '');
    const [answers, rig] = await withRig({ allowed: silent }, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(GET.replace('GET', 'POST').replace(/\r\n$/, 'Content-Length: 10\r\n\r\nfirst')));
      await rig.allowed.hears(/first/);
      await rig.apply({ allowlist: NOBODY });
      wire.send('later');
      return wire.answers();
    });
    expect(answers.map(({ status }) => status)).toEqual([403]);
    expect(rig.allowed.heard.join('')).not.toContain('later');
    expect(rulesOf(rig)).toEqual(['opened allowlist', 'closed allowlist policy']);
  });

  it.each([
    ['a tunnel', CONNECT],
    ['a request', GET],
  ])('denies %s whose name is being looked up', async (_name, send) => {
    const gate = closedGate();
    const [answers, rig] = await withRig({ gate: gate.promise }, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(send));
      while (rig.lookups.length === 0) await new Promise(setImmediate);
      await rig.apply({ allowlist: NOBODY });
      gate.resolve();
      return wire.answers();
    });
    expect(answers.map(({ status, headers }) => [status, headers['proxy-status']])).toEqual([
      [403, expect.stringContaining('host-not-allowed')],
    ]);
    expect(rig.allowed.heard).toEqual([]);
    expect(rulesOf(rig)).toEqual(['denied host-not-allowed']);
  });
});

describe('A policy that no longer says private', () => {
  const PUBLIC = 'allowed.example:PORT\n';

  it.each([
    ['a tunnel', CONNECT],
    ['a request', GET],
  ])('denies %s whose name is being looked up', async (_name, send) => {
    const gate = closedGate();
    const [answers, rig] = await withRig({ gate: gate.promise }, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(send));
      while (rig.lookups.length === 0) await new Promise(setImmediate);
      await rig.apply({ allowlist: PUBLIC });
      gate.resolve();
      return wire.answers();
    });
    expect(answers.map(({ status, headers }) => [status, headers['proxy-status']])).toEqual([
      [403, expect.stringContaining('private-address')],
    ]);
    expect(rig.allowed.heard).toEqual([]);
    expect(rulesOf(rig)).toEqual(['denied private-address']);
  });

  it('cuts a tunnel that is open', async () => {
    const [heard, rig] = await withRig({}, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(CONNECT));
      await wire.answers();
      wire.send(clientHello('allowed.example'));
      await rig.allowed.hears(/allowed/);
      await rig.apply({ allowlist: PUBLIC });
      return wire.end();
    });
    expect(heard).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    expect(rulesOf(rig)).toEqual(['opened allowlist', 'closed allowlist policy']);
  });

  it('does not use a connection that it kept from before', async () => {
    const [answers, rig] = await withRig({}, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(GET));
      await wire.answers();
      await rig.apply({ allowlist: PUBLIC });
      wire.send(rig.text(GET));
      return wire.answers(2);
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect(rig.allowed.heard.join('').match(/GET/g)).toHaveLength(1);
    expect(rulesOf(rig).at(-1)).toBe('denied private-address');
  });
});

describe('A name whose answer changes (DNS rebinding)', () => {
  const options = {
    allowlist: 'rebind.test:PORT private\n',
    answers: { 'rebind.test': ['127.0.0.2', '127.0.0.1'] },
  };
  const connect = 'CONNECT rebind.test:PORT HTTP/1.1\r\nHost: rebind.test:PORT\r\n\r\n';

  it('is looked up once for a connection, which goes to that address', async () => {
    const [, control] = await withRig({ ...options, control: lookingTwice }, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(connect));
      await wire.answers();
    });
    expect(control.forbidden.heard).toHaveLength(1);
    const [answers, rig] = await withRig(options, async rig => {
      const wire = await rig.wire();
      wire.send(rig.text(connect));
      await wire.answers();
      wire.send(clientHello('rebind.test'));
      await rig.allowed.hears(/rebind/);
      return wire.answers();
    });
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(rig.lookups).toEqual(['rebind.test']);
    expect(rig.forbidden.heard).toEqual([]);
  });

  it('is judged by each answer anew', async () => {
    const [answers, rig] = await withRig(
      {
        allowlist: 'rebind.test:PORT\n',
        answers: { 'rebind.test': ['127.0.0.2', '169.254.169.254', '::ffff:127.0.0.1'] },
      },
      async rig => {
        const wire = await rig.wire();
        for (let count = 1; count <= 3; count++) {
          wire.send(rig.text('GET http://rebind.test:PORT/ HTTP/1.1\r\nHost: rebind.test:PORT\r\n\r\n'));
          await wire.answers(count);
        }
        return wire.answers(3);
      },
    );
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(rulesOf(rig)).toEqual(Array(3).fill('denied private-address'));
    expect([...rig.allowed.heard, ...rig.forbidden.heard]).toEqual([]);
  });

  it('that has a public address and a private one, is never connected to the private one', async () => {
    // 2fff::/16 is public, and given to nobody: there is no way there.
    const [answers, rig] = await withRig(
      {
        allowlist: 'two.test:PORT\n',
        answers: { 'two.test': ['2fff::1 127.0.0.1 ::1'] },
        limits: { connectMs: 1000 },
      },
      async rig => {
        const wire = await rig.wire();
        wire.send(rig.text('CONNECT two.test:PORT HTTP/1.1\r\nHost: two.test:PORT\r\n\r\n'));
        return wire.answers();
      },
    );
    expect([502, 504]).toContain(answers[0]?.status);
    expect(rig.forbidden.heard).toEqual([]);
  });
});

describe('A client that keeps the proxy waiting', () => {
  const limits = { headerMs: 300 };

  it.each([
    ['says nothing', []],
    ['says half a head', ['GET http://allowed.example:PORT/ HT']],
    [
      'says a header at a time (slow loris)',
      ['GET http://allowed.example:PORT/ HTTP/1.1\r\n', ...Array(20).fill('X: y\r\n')],
    ],
    ['says nothing in a tunnel where TLS must come', [CONNECT.replaceAll('PORT', '443')]],
    [
      'says half a client hello in a tunnel',
      [CONNECT.replaceAll('PORT', '443'), clientHello('allowed.example').subarray(0, 40)],
    ],
    [
      'says half a client hello a byte at a time',
      [
        CONNECT.replaceAll('PORT', '443'),
        ...clientHello('allowed.example').subarray(0, 20).toString('latin1'),
      ],
    ],
  ])('is cut off when it %s', async (_name, steps) => {
    const [, rig] = await withRig(
      { limits, allowlist: ALLOWLIST, routes: 'routes:\n  - host: allowed.example\n    methods: [GET]\n' },
      async rig => {
        const wire = await rig.wire();
        const said = (async () => {
          for (const step of steps) {
            wire.send(typeof step === 'string' ? rig.text(step) : step);
            await new Promise(resolve => setTimeout(resolve, 40));
          }
        })();
        await wire.end();
        await said;
      },
    );
    expect(rig.allowed.heard.join('')).toBe('');
  });

  it('cannot take the connections of others without end', async () => {
    const [answers, rig] = await withRig({ limits: { connections: 3 } }, async rig => {
      const wires = [await rig.wire(), await rig.wire(), await rig.wire(), await rig.wire()];
      const [, , , refused] = wires;
      const refusal = await refused?.answers();
      wires[0]?.close();
      await new Promise(resolve => wires[0]?.socket.once('close', resolve));
      for (;;) {
        const again = await rig.wire();
        again.send(rig.text(GET));
        const [answer] = await again.answers();
        again.close();
        if (answer?.status === 200) return [refusal?.[0]?.status, answer.status];
      }
    });
    expect(answers).toEqual([503, 200]);
    expect(rig.forbidden.heard).toEqual([]);
  });
});
