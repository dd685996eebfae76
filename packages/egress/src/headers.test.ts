import { endToEnd, framingOf, toObject, valuesOf } from './headers.js';

describe('toObject', () => {
  it('takes any name for a name', () => {
    expect({ ...toObject(['Constructor', 'a', '__PROTO__', 'b', 'toString', 'c', 'toString', 'd']) }).toEqual(
      {
        constructor: 'a',
        ['__proto__']: 'b',
        tostring: ['c', 'd'],
      },
    );
  });

  it('keeps what is repeated in its order, however often', () => {
    const raw = Array.from({ length: 60_000 }, (_, i) => ['x', String(i)]).flat();
    const { x } = toObject(raw);
    expect(x?.length).toBe(60_000);
    expect(x?.slice(-1)).toEqual(['59999']);
  });
});

describe('endToEnd', () => {
  it('drops what is for one hop, and what Connection lists, but no frame', () => {
    const raw = [
      'A',
      '1',
      'Connection',
      'close, B ,content-length',
      'b',
      '2',
      'Content-Length',
      '3',
      'Upgrade',
      'h2c',
    ];
    expect(endToEnd(raw, ['c'])).toEqual(['A', '1', 'Content-Length', '3']);
    expect(valuesOf(raw, 'connection')).toEqual(['close, B ,content-length']);
  });
});

describe('framingOf', () => {
  it.each([
    [[], 'none'],
    [['Content-Length', '0'], 'length'],
    [['Transfer-Encoding', 'Chunked'], 'chunked'],
    [['Content-Length', '5', 'content-length', '5'], undefined],
    [['Content-Length', '5', 'Transfer-Encoding', 'chunked'], undefined],
    [['Content-Length', '+5'], undefined],
    [['Content-Length', '5, 5'], undefined],
    [['Content-Length', ''], undefined],
    [['Content-Length', '9'.repeat(16)], undefined],
    [['Transfer-Encoding', 'chunked, chunked'], undefined],
    [['Transfer-Encoding', 'identity'], undefined],
    [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], undefined],
  ] as const)('of %j is %s', (raw, framing) => {
    expect(framingOf(raw)).toBe(framing);
  });
});
