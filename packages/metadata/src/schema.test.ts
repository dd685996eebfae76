import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIdentity } from '@bot-bottle/identity';
import {
  type BottleRecord,
  bottleRecordSchema,
  encodeRecord,
  newRecord,
  type StandardSchemaV1,
  type StoredRecord,
} from './codec.js';
import { FIELDS } from './schema.js';

const record = newRecord({
  identity: parseIdentity('claude-x7k2m'),
  agentName: 'claude',
  labels: { a: 'b' },
  args: ['c'],
});
const stored = JSON.parse(encodeRecord(record));
const { validate, version, vendor } = bottleRecordSchema['~standard'];

describe('the schema', () => {
  it('is the one source: what is encoded fits it, and every field of it is encoded', () => {
    expect(validate(stored)).toEqual({ value: record });
    expect(Object.keys(stored)).toEqual(FIELDS.map(({ key }) => key));
    expect(Object.keys(bottleRecordSchema.jsonSchema.properties)).toEqual(Object.keys(stored));
  });

  it('gives the types of the record and of the file', () => {
    const standard: StandardSchemaV1<StoredRecord, BottleRecord> = bottleRecordSchema;
    expect(standard).toBe(bottleRecordSchema);
    const fields: Omit<BottleRecord, 'extra'> = {
      identity: '',
      agentName: '',
      cwd: '',
      copyCwd: false,
      startedAt: '',
      composeProject: '',
      backend: '',
      labels: { key: 'value' },
      args: ['one'],
    };
    expect(FIELDS.map(({ field }) => field)).toEqual(Object.keys(fields));
    // @ts-expect-error: a text field is no number
    const wrong: BottleRecord['cwd'] = 7;
    // @ts-expect-error: the file has names of its own
    const camel: keyof StoredRecord = 'agentName';
    expect([wrong, camel]).toHaveLength(2);
  });

  it('is published as a file that says the same', () => {
    const file = readFileSync(join(__dirname, '../schema/metadata.schema.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(bottleRecordSchema.jsonSchema);
  });
});

describe('Standard Schema', () => {
  it('names itself as the specification asks', () => {
    expect({ version, vendor }).toEqual({ version: 1, vendor: 'bot-bottle' });
  });

  it('fills in defaults and keeps what it does not know', () => {
    expect(validate({ cwd: '/x', more: [1] })).toEqual({
      value: {
        identity: '',
        agentName: '',
        cwd: '/x',
        copyCwd: false,
        startedAt: '',
        composeProject: '',
        backend: '',
        labels: {},
        args: [],
        extra: { more: [1] },
      },
    });
  });

  it('gives each record containers of its own', () => {
    const [one, two] = [validate({}), validate({})];
    if (one.issues || two.issues) throw new Error('expected values');
    one.value.args.push('x');
    one.value.labels['x'] = 'y';
    expect(two.value).toMatchObject({ args: [], labels: {} });
  });

  it.each([
    [null, [{ message: 'expected an object', path: [] }]],
    [[], [{ message: 'expected an object', path: [] }]],
    ['text', [{ message: 'expected an object', path: [] }]],
    [{ cwd: null }, [{ message: 'expected a string', path: ['cwd'] }]],
    [
      { copy_cwd: 'no', labels: { a: 1 }, args: ['x', 2] },
      [
        { message: 'expected a boolean', path: ['copy_cwd'] },
        { message: 'expected a string', path: ['labels', 'a'] },
        { message: 'expected a string', path: ['args', 1] },
      ],
    ],
    [
      { labels: [], args: {} },
      [
        { message: 'expected an object', path: ['labels'] },
        { message: 'expected an array', path: ['args'] },
      ],
    ],
  ])('lists every issue of %j with its path', (value, issues) => {
    expect(validate(value)).toEqual({ issues });
  });
});
