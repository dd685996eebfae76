import { parseAllowlist, parsePattern } from '@bot-bottle/live-config';
import * as fc from 'fast-check';
import { parseAllowlistLine } from './allowlist-line.js';
import { addLines, removeLines, stillAllowing } from './allowlist-text.js';

const NOBODY = '# Nobody: an allowlist without entries denies everything.\n';

function add(text: string | null, ...lines: string[]): [text: string, changed: string[]] {
  const edited = addLines(text, lines.map(parseAllowlistLine));
  return [edited.text, edited.changed.map(({ line }) => line)];
}

function remove(text: string, ...hosts: string[]): [text: string, changed: string[]] {
  const edited = removeLines(text, hosts.map(parsePattern));
  return [edited.text, edited.changed.map(({ host }) => host)];
}

describe('addLines', () => {
  it('adds at the end and touches nothing else', () => {
    const text = '# mine\n\nB.example   sni # for b\r\n\ta.example\n';
    expect(add(text, 'C.example', 'a.example:8443')).toEqual([
      `${text}c.example\r\na.example:8443\r\n`,
      ['c.example', 'a.example:8443'],
    ]);
  });

  it('ends a last line that has no end', () => {
    expect(add('a.example', 'b.example')).toEqual(['a.example\nb.example\n', ['b.example']]);
  });

  it('begins a text where there is none, or where it says nobody', () => {
    for (const text of [null, '', NOBODY]) expect(add(text, 'a.example')[0]).toBe('a.example\n');
  });

  it('adds nothing that is said already, but a flag that is not', () => {
    const text = 'a.example private sni\n';
    expect(add(text, 'A.example.', 'a.example sni')).toEqual([text, []]);
    expect(add('a.example\n', 'a.example private', 'a.example private')).toEqual([
      'a.example\na.example private\n',
      ['a.example private'],
    ]);
  });
});

describe('removeLines', () => {
  it('removes every line of the host and port, with its comment, and touches nothing else', () => {
    const text = '# mine\r\na.example # why\r\nb.example\na.example private\na.example:8443\n*.a.example\n';
    expect(remove(text, 'A.example')).toEqual([
      '# mine\r\nb.example\na.example:8443\n*.a.example\n',
      ['a.example'],
    ]);
  });

  it('says nobody where nothing is left, for an empty text would leave the file alone', () => {
    expect(remove('a.example', 'a.example')[0]).toBe(NOBODY);
    expect(remove('# mine\na.example\n', 'a.example')[0]).toBe('# mine\n');
  });

  it('leaves a text alone that does not say it', () => {
    expect(remove('*.example.com\n', 'a.example.com', '127.0.0.1')).toEqual(['*.example.com\n', []]);
  });
});

describe('stillAllowing', () => {
  const text = '# mine\n*.example.com\nexample.org:443\nb.example.net:5432 private\n* wide ip\n';

  it.each([
    ['a.example.com', { line: '*.example.com', number: 2 }],
    ['*.a.example.com', { line: '*.example.com', number: 2 }],
    ['example.org', { line: 'example.org:443', number: 3 }],
    // Who denies a host does not mean its usual ports alone.
    ['b.example.net', { line: 'b.example.net:5432 private', number: 4 }],
    ['93.184.216.34', { line: '* ip wide', number: 5 }],
    ['example.net', { line: '* ip wide', number: 5 }],
    ['example.org:8443', null],
  ])('finds the line that takes in %s', (host, found) => {
    expect(stillAllowing(text, parsePattern(host))).toEqual(found);
  });

  it('finds no line that takes in only a part of a pattern', () => {
    expect(stillAllowing('a.example.com\n*.b.example.com\n', parsePattern('*.example.com'))).toBeNull();
  });
});

it('what was added and then removed leaves the entries as they were, whatever the text', () => {
  const line = fc.constantFrom(
    'a.example',
    'b.example # why',
    '# mine',
    '',
    '*.c.example',
    'd.example:22 sni',
  );
  const end = fc.constantFrom('\n', '\r\n', '\r');
  const text = fc
    .array(fc.tuple(line, end), { maxLength: 8 })
    .map(lines => lines.map(parts => parts.join('')).join(''));
  fc.assert(
    fc.property(text, before => {
      const [added, changed] = add(before, 'new.example:8443');
      expect(changed).toEqual(['new.example:8443']);
      expect(parseAllowlist(remove(added, 'new.example:8443')[0])).toEqual(parseAllowlist(before));
    }),
  );
});
