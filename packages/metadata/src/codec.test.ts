import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIdentity } from '@bot-bottle/identity';
import fc from 'fast-check';
import {
  type BottleRecord,
  decodeRecord,
  effectiveBackend,
  effectiveComposeProject,
  encodeRecord,
  formatStartedAt,
  MAX_RECORD_BYTES,
  newRecord,
} from './codec.js';

const fixtures = join(__dirname, '../test/fixtures');
const fixture = (name: string) => readFileSync(join(fixtures, name), 'utf8');

const identity = parseIdentity('claude-x7k2m');
const full: BottleRecord = {
  identity,
  agentName: 'claude',
  cwd: '/home/op/project',
  copyCwd: true,
  startedAt: '2025-11-03T09:15:42.123456+00:00',
  composeProject: 'bot-bottle-claude-x7k2m',
  backend: 'docker',
  labels: {},
  args: [],
  extra: {},
};

function decode(text: string): BottleRecord {
  const record = decodeRecord(text);
  if (record === null) throw new Error('expected a record');
  return record;
}

describe('records of the older tool', () => {
  it('are read, and written again byte for byte', () => {
    expect(decode(fixture('full.record'))).toEqual(full);
    expect(encodeRecord(full)).toBe(fixture('full.record'));
  });

  it.each([
    ['before-backend.record', { ...full, backend: '' }],
    ['before-compose-project.record', { ...full, backend: '', composeProject: '' }],
    [
      'first.record',
      {
        ...full,
        identity: '',
        cwd: '',
        copyCwd: false,
        startedAt: '2025-06-01T00:00:00+00:00',
        composeProject: '',
        backend: '',
      },
    ],
    ['ascii-escaped.record', { ...full, agentName: 'émile 🤖', cwd: '/home/op/düsseldorf' }],
  ])('of the vintage %s take the defaults for what they lack', (name, record) => {
    expect(decode(fixture(name))).toEqual(record);
    expect(decode(encodeRecord(record))).toEqual(record);
  });

  it('mean docker and the derived Compose project where they say neither', () => {
    const old = decode(fixture('before-compose-project.record'));
    expect(effectiveBackend(old)).toBe('docker');
    expect(effectiveComposeProject(old)).toBe('bot-bottle-claude-x7k2m');
    expect(effectiveBackend({ backend: 'local' })).toBe('local');
    expect(effectiveComposeProject({ identity, composeProject: 'mine' })).toBe('mine');
    expect(() => effectiveComposeProject({ identity: '../x', composeProject: '' })).toThrow(
      expect.objectContaining({ code: 'invalid-identity' }),
    );
  });

  it('are coerced as Python would where a key has the wrong type, and keep the original when written again', () => {
    const record = decode(fixture('wrong-types.record'));
    expect(record).toEqual({
      ...full,
      agentName: "['claude']",
      cwd: 'None',
      copyCwd: true,
      startedAt: '1762161342',
      composeProject: 'True',
      backend: '1.0',
      extra: expect.anything(),
    });
    expect(encodeRecord(record)).toBe(fixture('wrong-types.record'));
    const changed = JSON.parse(encodeRecord({ ...record, backend: 'local' }));
    expect(changed).toEqual({ ...JSON.parse(fixture('wrong-types.record')), backend: 'local' });
  });
});

// FAULTS row 9.
describe('a record of a newer tool', () => {
  /** As people usually keep what they do not know. */
  function naiveCopy(text: string): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(JSON.parse(text))) copy[key] = value;
    return copy;
  }

  it('is written again with every byte of data that it had', () => {
    const text = fixture('newer.record');
    const record = decode(text);
    expect(encodeRecord(record)).toBe(text);
    expect(encodeRecord({ ...record, cwd: '/other' })).toBe(text.replace('"/home/op/project"', '"/other"'));
    const naive = JSON.stringify(naiveCopy(text), null, 2);
    expect(naive).not.toContain('18446744073709551616');
    expect(naive).not.toContain('27.0');
    expect(naive).not.toContain('__proto__');
  });

  it('cannot reach any prototype', () => {
    const text = '{"__proto__": {"identity": "x", "polluted": 1}, "constructor": 1, "toString": 2}';
    expect(naiveCopy(text)['polluted']).toBe(1);
    const record = decode(text);
    expect(record.identity).toBe('');
    expect('polluted' in record).toBe(false);
    expect(Object.getPrototypeOf(record.extra)).toBe(Object.prototype);
    expect(Object.keys(record.extra)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(decode(encodeRecord(record))).toEqual(record);
  });
});

describe('decodeRecord', () => {
  it.each(['null', '7', '"text"', 'true', '[]', '[{"identity": "a-00000"}]', ' [1.0] '])(
    'sees no record in %s',
    text => {
      expect(decodeRecord(text)).toBeNull();
    },
  );

  // FAULTS row 8.
  it.each([
    ['', 0, 1, 1],
    ['{"identity": "claude-x7k2m", "cwd": "/ho', 40, 1, 41],
    ['{\n  "identity": x\n}', 16, 2, 15],
    ['{\r\n"a": 1,\r\n}', 12, 3, 1],
    ['\0\0\0\0', 0, 1, 1],
    ['[[', 2, 1, 3],
    ['{} {}', 3, 1, 4],
    ['{"a": NaN}', 6, 1, 7],
    ['{"a": 01}', 7, 1, 8],
    ["{'a': 1}", 1, 1, 2],
  ])('names the place at which %j breaks', (text, offset, line, column) => {
    expect(() => decodeRecord(text, { source: '/r/metadata.json' })).toThrow(
      expect.objectContaining({
        name: 'MetadataError',
        code: 'broken-record',
        path: '/r/metadata.json',
        message: expect.stringMatching(/^\/r\/metadata\.json: .* at line \d+, column \d+$/),
        position: { offset, line, column },
      }),
    );
  });

  it.each([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"a":1.5,"b":[', ']}'],
  ])(
    'refuses %s… a hundred thousand deep by name, closed or not, without a stack overflow',
    (open, close) => {
      for (const middle of ['1', '12345678901234567890']) {
        const text = open.repeat(40_000) + middle + close.repeat(40_000);
        for (const broken of [text, open.repeat(40_000)]) {
          expect(() => decodeRecord(broken)).toThrow(
            expect.objectContaining({
              code: 'broken-record',
              message: expect.stringContaining('deeper than 100 levels'),
            }),
          );
        }
      }
      // The naive way: a reviver, or any recursive walk, overflows the stack.
      const naive = () => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000), (_, value) => value);
      expect(naive).toThrow(expect.objectContaining({ name: 'RangeError' }));
    },
  );

  it('reads what is nested as deep as the limit, and writes it again', () => {
    for (const core of ['1', '1.0', '[]', '{}']) {
      const levels = core.length === 2 ? 98 : 99;
      const text = `{"a": ${'['.repeat(levels)}${core}${']'.repeat(levels)}}`;
      expect(decode(encodeRecord(decode(text)))).toEqual(decode(text));
      expect(() => decodeRecord(text.replace(core, `[${core}]`))).toThrow(
        expect.objectContaining({ code: 'broken-record' }),
      );
    }
  });

  it('refuses a text larger than a record can be', () => {
    const text = JSON.stringify({ cwd: 'x'.repeat(MAX_RECORD_BYTES) });
    expect(() => decodeRecord(text)).toThrow(expect.objectContaining({ code: 'broken-record' }));
  });

  it('takes the last of two equal keys, as Python does', () => {
    expect(decode('{"cwd": "/a", "cwd": "/b"}').cwd).toBe('/b');
  });
});

describe('encodeRecord', () => {
  it('writes labels and args only when there are some', () => {
    const text = encodeRecord({ ...full, labels: { team: 'a' }, args: ['-p', 'x'] });
    expect(text).toBe(
      fixture('full.record').replace(
        '"docker"\n}',
        '"docker",\n  "labels": {\n    "team": "a"\n  },\n  "args": [\n    "-p",\n    "x"\n  ]\n}',
      ),
    );
    expect(decode(text)).toEqual({ ...full, labels: { team: 'a' }, args: ['-p', 'x'] });
  });

  it.each([
    ['cwd: expected a string', { cwd: undefined }],
    ['copyCwd: expected a boolean', { copyCwd: 'yes' }],
    ['labels.a: expected a string', { labels: { a: 1 } }],
    ['args.0: expected a string', { args: [null] }],
    ['extra: expected an object', { extra: undefined }],
    ['x: no JSON value', { extra: { x: () => 1 } }],
    ['x: no JSON value', { extra: { x: 1n } }],
    ['more than 1048576 bytes', { cwd: 'x'.repeat(MAX_RECORD_BYTES) }],
    ['more than 1048576 bytes', { cwd: 'é'.repeat(MAX_RECORD_BYTES / 2) }],
  ])('refuses what could not be read back: %s', (message, fields) => {
    const record = { ...full, ...fields } as unknown as BottleRecord;
    expect(() => encodeRecord(record)).toThrow(
      expect.objectContaining({ code: 'invalid-record', message: expect.stringContaining(message) }),
    );
  });

  it('refuses a cycle and what is nested too deep', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level++) deep = [deep];
    for (const x of [cycle, deep]) {
      const record = { ...full, extra: { x } } as unknown as BottleRecord;
      expect(() => encodeRecord(record)).toThrow(expect.objectContaining({ code: 'invalid-record' }));
    }
  });
});

describe('any record', () => {
  const text = fc.string({ unit: 'binary' });
  const records = fc.record({
    identity: text,
    agentName: text,
    cwd: text,
    copyCwd: fc.boolean(),
    startedAt: text,
    composeProject: text,
    backend: text,
    labels: fc.dictionary(text, text),
    args: fc.array(text),
    extra: fc.dictionary(
      text.filter(
        key =>
          !/^(identity|agent_name|cwd|copy_cwd|started_at|compose_project|backend|labels|args)$/.test(key),
      ),
      fc.jsonValue({ maxDepth: 4 }),
    ),
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(records, record => {
        const written = encodeRecord(record as BottleRecord);
        expect(JSON.parse(JSON.stringify(decode(written)))).toEqual(JSON.parse(JSON.stringify(record)));
        expect(encodeRecord(decode(written))).toBe(written);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of any JSON is either no record, or one that keeps all data when written again', () => {
    const known = fc.constantFrom(
      'identity',
      'agent_name',
      'cwd',
      'copy_cwd',
      'backend',
      'labels',
      'args',
      '__proto__',
    );
    const objects = fc.dictionary(fc.oneof(known, text), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(objects, object => {
        const again = JSON.parse(encodeRecord(decode(JSON.stringify(object))));
        for (const [key, value] of Object.entries(object)) {
          if (Object.hasOwn(again, key)) expect(again[key]).toEqual(JSON.parse(JSON.stringify(value)));
          else
            expect([key, JSON.stringify(value)]).toEqual([
              expect.stringMatching(/^(labels|args)$/),
              expect.stringMatching(/^(\{\}|\[\])$/),
            ]);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('newRecord', () => {
  it('fills in what was not said', () => {
    const now = () => new Date('2026-01-02T03:04:05.006Z');
    expect(newRecord({ identity, agentName: 'claude' }, { now })).toEqual({
      ...full,
      cwd: '',
      copyCwd: false,
      startedAt: '2026-01-02T03:04:05.006+00:00',
      backend: '',
    });
    expect(newRecord({ identity, agentName: 'claude', cwd: '/x' }, { now })).toMatchObject({ cwd: '/x' });
  });

  it('writes the time with the offset in digits, which every Python reads', () => {
    expect(formatStartedAt(new Date(0))).toBe('1970-01-01T00:00:00.000+00:00');
  });
});

it('has a test for every fixture', () => {
  const source = readFileSync(__filename, 'utf8');
  for (const name of readdirSync(fixtures)) expect(source).toContain(name);
});
