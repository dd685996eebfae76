import fc from 'fast-check';
import { parseClientMessage, parseKeeperMessage } from './messages.js';
import {
  encodeControl,
  encodeData,
  type Frame,
  FrameDecoder,
  MAX_PAYLOAD,
  ProtocolError,
} from './protocol.js';

const size = fc.record({
  columns: fc.integer({ min: 1, max: 0xffff }),
  rows: fc.integer({ min: 1, max: 0xffff }),
});
const clientMessage = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), protocol: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ type: fc.constant('attach' as const), size: fc.option(size), replay: fc.boolean() }),
  fc.record({ type: fc.constant('resize' as const), size }),
  fc.record({ type: fc.constant('stop' as const), graceMs: fc.nat() }),
);
const exit = fc.record({ code: fc.nat(255) });
const keeperMessage = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), protocol: fc.nat(0xffff), identity: fc.string() }),
  fc.record({
    type: fc.constant('ended' as const),
    exit,
    kept: fc.boolean(),
    notes: fc.array(fc.string({ unit: 'grapheme' })),
  }),
);

describe('the frames', () => {
  it('come out as they went in, wherever the stream is split', () => {
    const item = fc.oneof(
      clientMessage.map(message => ({ bytes: [encodeControl(message)], want: { kind: 'control', message } })),
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map(data => ({
        bytes: [...encodeData(data)],
        want: { kind: 'data', data },
      })),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), fc.array(fc.nat(60), { minLength: 1 }), (items, cuts) => {
        const stream = Buffer.concat(items.flatMap(({ bytes }) => bytes));
        expect(decodeAll(stream, cuts)).toEqual(items.map(({ want }) => want));
      }),
    );
  });

  it('carry data of any length in payloads of at most 64 KiB', () => {
    const data = new Uint8Array(2 * MAX_PAYLOAD + 1).map((_, index) => index % 251);
    const frames = [...encodeData(data)];
    expect(frames.map(bytes => bytes.length - 5)).toEqual([MAX_PAYLOAD, MAX_PAYLOAD, 1]);
    const decoded = decodeAll(Buffer.concat(frames), [4096]);
    expect(
      Buffer.concat(decoded.map(frame => (frame.kind === 'data' ? frame.data : new Uint8Array(0)))),
    ).toEqual(Buffer.from(data));
  });

  it.each([
    ['a payload over the limit', [0xff, 0xff, 0xff, 0xff, 0]],
    ['a type that does not exist', [0, 0, 0, 0, 9]],
    ['JSON that is none', [0, 0, 0, 1, 0, 0x7b]],
    ['text that is not UTF-8', [0, 0, 0, 3, 0, 0x22, 0xff, 0x22]],
  ])('refuse %s', (_, bytes) => {
    expect(() => [...new FrameDecoder().push(Uint8Array.from(bytes))]).toThrow(ProtocolError);
  });

  it('end in messages or in a ProtocolError, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        try {
          for (const frame of new FrameDecoder().push(bytes)) {
            if (frame.kind === 'control') {
              parseClientMessage(frame.message);
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('the messages', () => {
  it('of a client are read as they were written', () => {
    fc.assert(
      fc.property(clientMessage, message => {
        expect(parseClientMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
      }),
    );
  });

  it('of a keeper are read as they were written', () => {
    fc.assert(
      fc.property(keeperMessage, message => {
        expect(parseKeeperMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
      }),
    );
  });

  it('end in a message, in null for an unknown type, or in a ProtocolError, whatever JSON arrives', () => {
    const types = fc.constantFrom('hello', 'attach', 'resize', 'stop', 'ended', 'error', 'later');
    const json = fc.oneof(
      fc.jsonValue(),
      fc.record({ type: types, size: fc.jsonValue(), graceMs: fc.jsonValue(), exit: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(json, value => {
        for (const parse of [parseClientMessage, parseKeeperMessage]) {
          try {
            const message = parse(value);
            expect(message === null || typeof message.type === 'string').toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
    );
    expect(parseClientMessage({ type: 'of a later version' })).toBeNull();
  });

  it.each([0, -1, 1.5, 65_536, '80', null])('refuse a terminal of %p columns', columns => {
    expect(() => parseClientMessage({ type: 'resize', size: { columns, rows: 24 } })).toThrow(ProtocolError);
  });
});

function decodeAll(stream: Uint8Array, cuts: readonly number[]): Frame[] {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const end = Math.min(stream.length, at + 1 + (cuts[turn % cuts.length] ?? 0));
    for (const frame of decoder.push(stream.subarray(at, end))) {
      frames.push(frame.kind === 'data' ? { kind: 'data', data: Uint8Array.from(frame.data) } : frame);
    }
    at = end;
  }
  return frames;
}
