import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, run, temporaryFolder } from '@bot-bottle/test-kit';
import fc from 'fast-check';
import { decodeRecord } from './codec.js';

/** JSON text of a value, and what Python 3 makes of it: str() and bool() after json.loads. */
const KNOWN: [json: string, str: string, truth: boolean][] = [
  ['null', 'None', false],
  ['true', 'True', true],
  ['false', 'False', false],
  ['0', '0', false],
  ['-0', '0', false],
  ['0.0', '0.0', false],
  ['-0.0', '-0.0', false],
  ['1.0', '1.0', true],
  ['1.50', '1.5', true],
  ['1e3', '1000.0', true],
  ['1e16', '1e+16', true],
  ['1e15', '1000000000000000.0', true],
  ['0.0001', '0.0001', true],
  ['0.00001', '1e-05', true],
  ['1.25e-7', '1.25e-07', true],
  ['1e400', 'inf', true],
  ['-1e400', '-inf', true],
  ['1e-400', '0.0', false],
  ['12345678901234567890', '12345678901234567890', true],
  ['""', '', false],
  ['"no"', 'no', true],
  ['[]', '[]', false],
  ['[[]]', '[[]]', true],
  ['{}', '{}', false],
  ['{"a": [1, null, "x"]}', "{'a': [1, None, 'x']}", true],
  [`["it's"]`, `["it's"]`, true],
  [String.raw`["it's \"so\""]`, String.raw`['it\'s "so"']`, true],
  [String.raw`["\n\t\r\\\u0000\u007f\u00a0\u00ad é"]`, String.raw`['\n\t\r\\\x00\x7f\xa0\xad é']`, true],
  [String.raw`["\u200b\ud83e\udd16\ud800"]`, String.raw`['\u200b🤖\ud800']`, true],
];

function read(json: string): { str: string; truth: boolean } {
  const record = decodeRecord(`{"cwd": ${json}, "copy_cwd": ${json}}`);
  if (record === null) throw new Error('expected a record');
  return { str: record.cwd, truth: record.copyCwd };
}

describe('a value of the wrong type', () => {
  it.each(KNOWN)('%s reads as Python reads it', (json, str, truth) => {
    expect(read(json)).toEqual({ str, truth });
  });
});

const SCRIPT = `
import json, sys
for line in open(sys.argv[1], encoding='utf-8'):
    value = json.loads(line)
    print(json.dumps({'str': str(value), 'truth': bool(value)}))`;

describeWith('python3', 'against Python itself', () => {
  it('reads any JSON value as Python does', () => {
    // Which code points are printable depends on the Unicode version of each; those that all know are enough.
    const text = fc.string({ unit: fc.constantFrom(...`a0'"\\ \n\t\0\x7f\u00a0\u00ad\u2028éя中🤖`) });
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.bigInt().map(String),
    );
    const { json } = fc.letrec<{ json: string; list: string; object: string }>(tie => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('null', 'true', 'false', '1e5', '2E-9', '1.0'),
        number,
        text.map(value => JSON.stringify(value)),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('json'), { maxLength: 3 }).map(items => `[${items.join(', ')}]`),
      object: fc
        .dictionary(
          // JSON.parse of Node 24 and 26 takes the key "\t" for "\\" where it has met that one before: no backslash in keys.
          text.filter(key => !/^\d|\\/.test(key)),
          tie('json'),
          { maxKeys: 3 },
        )
        .map(
          members =>
            `{${Object.entries(members)
              .map(([key, value]) => `${JSON.stringify(key)}: ${value}`)
              .join(', ')}}`,
        ),
    }));
    const samples = [...KNOWN.map(([sample]) => sample), ...fc.sample(json, 2_000)];
    const file = join(temporaryFolder(), 'samples');
    writeFileSync(file, samples.join('\n'));
    const { stdout, stderr, status } = run(['python3', '-c', SCRIPT, file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const answers = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(answers).toHaveLength(samples.length);
    for (const [index, sample] of samples.entries())
      expect([sample, read(sample)]).toEqual([sample, answers[index]]);
  });
});
