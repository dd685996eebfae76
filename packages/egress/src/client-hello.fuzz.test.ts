import { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { temporaryFolder } from '@bot-bottle/test-kit';
import fc from 'fast-check';
import {
  extension,
  hello,
  hex,
  hostName,
  NEEDED,
  records,
  serverName,
  vector8,
  vector16,
} from '../test/client-hello.js';
import { type ClientHello, type HelloParse, parseClientHello } from './client-hello.js';
import { openAuthority } from './tls/authority.js';

const RUNS = 1500;

const NAMES = [
  'allowed.example',
  'evil.example',
  'allowed.example\0',
  'allowed.example\0.evil.example',
  'ALLOWED.example',
  'allowed.example.',
  '127.0.0.1',
  '',
  'é.example',
  'a'.repeat(300),
];
const name = fc.constantFrom(...NAMES);
const nameExtension = fc.oneof(
  { weight: 6, arbitrary: name.map(serverName) },
  fc.tuple(name, name).map(names => extension(0, vector16(...names.map(hostName)))), // two names
  name.map(text => extension(0, vector16(Buffer.from([1]), vector16(Buffer.from(text, 'latin1'))))), // of no known type
  name.map(text => extension(0, vector16(hostName(text)), hex('00'))), // bytes after it
  name.map(text => extension(0, vector16(hostName(text), hex('00')))),
  fc.constant(extension(0)),
);
const other = fc.oneof(
  fc.constantFrom(
    extension(0xfe0d, Buffer.alloc(40)),
    extension(0x0a0a),
    extension(21, Buffer.alloc(9)),
    extension(16, vector16(vector8(Buffer.from('h2')))),
    extension(0xffce, Buffer.alloc(8)),
  ),
  fc.uint8Array({ maxLength: 8 }).map(data => extension(0x1234, Buffer.from(data))),
);
const clientHello = fc
  .record({
    names: fc.array(nameExtension, { maxLength: 2 }),
    others: fc.array(other, { maxLength: 3 }),
    order: fc.nat(),
    version: fc.constantFrom(0x0303, 0x0303, 0x0302, 0x0300, 0x7f00),
    tail: fc.constantFrom('', '', '', '00', '0000'),
    cuts: fc.array(fc.nat(600), { maxLength: 3 }),
    recordVersion: fc.constantFrom(0x0301, 0x0303, 0x0300, 0x03ff, 0x0200),
  })
  .map(({ names, others, order, version, tail, cuts, recordVersion }) => {
    const extensions = [...NEEDED, ...others];
    for (const each of names) extensions.splice(order % (extensions.length + 1), 0, each);
    return records(hello(extensions, version, hex(tail)), cuts, recordVersion);
  });
const bent = fc
  .tuple(
    clientHello,
    fc.array(fc.record({ at: fc.nat(700), to: fc.nat(255), kind: fc.constantFrom('set', 'add', 'cut') }), {
      maxLength: 3,
    }),
  )
  .map(([bytes, changes]) =>
    changes.reduce((now, { at, to, kind }) => {
      const place = at % now.length;
      const keep = now.subarray(0, place);
      if (kind === 'add') return Buffer.concat([keep, Buffer.from([to]), now.subarray(place)]);
      return Buffer.concat([keep, Buffer.from(kind === 'set' ? [to] : []), now.subarray(place + 1)]);
    }, bytes),
  );

/** What OpenSSL makes of the bytes: the name of the server that a client asks for; undefined where it takes no hello. */
async function openSsl(secureContext: SecureContext, bytes: Buffer): Promise<string | null | undefined> {
  let seen: string | null = null;
  return new Promise(resolve => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        done();
        const answered = chunk[0] === 22; // a server hello; else an alert
        end(answered ? seen : undefined);
      },
    });
    const tls = new TLSSocket(wire, {
      isServer: true,
      secureContext,
      SNICallback: (asked, done) => {
        seen = asked;
        done(null, secureContext);
      },
    });
    // What is left to the collector makes the process slow to exit.
    const end = (name: string | null | undefined) => {
      resolve(name);
      tls.destroy();
    };
    tls.once('error', () => end(undefined));
    tls.once('end', () => end(undefined)).resume();
    wire.push(bytes);
    wire.push(null);
  });
}

const read = (parsed: HelloParse): ClientHello | null => (typeof parsed === 'string' ? null : parsed);

describe('parseClientHello', () => {
  it('reads the server name that OpenSSL reads, or none', async () => {
    const authority = await openAuthority(temporaryFolder());
    const secureContext = createSecureContext({ ...authority.issue('allowed.example') });
    let both = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(clientHello, bent), async bytes => {
        const mine = read(parseClientHello(bytes));
        const theirs = await openSsl(secureContext, bytes);
        if (!mine || theirs === undefined) return;
        both += 1;
        expect(mine.serverName).toBe(theirs);
      }),
      { numRuns: RUNS },
    );
    expect(both).toBeGreaterThan(RUNS / 20);
  });

  it('takes its time over a hello that comes in pieces, and says the same of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(clientHello, bent),
        fc.nat(),
        fc.uint8Array({ maxLength: 20 }),
        (bytes, cut, more) => {
          const whole = parseClientHello(bytes);
          const part = parseClientHello(bytes.subarray(0, cut % (bytes.length + 1)));
          if (part !== 'more') expect(part).toEqual(whole);
          if (whole !== 'more') expect(parseClientHello(Buffer.concat([bytes, more]))).toEqual(whole);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('throws at no bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, begins) => {
        const parsed = parseClientHello(begins ? Buffer.concat([hex('160301'), bytes]) : bytes);
        expect(['more', 'invalid', 'object']).toContain(typeof parsed === 'string' ? parsed : typeof parsed);
      }),
      { numRuns: RUNS },
    );
  });
});
