import * as fc from 'fast-check';
import { printable, printableJson } from './escape.js';

describe('printable', () => {
  it('leaves ordinary text of any script as it is', () => {
    expect(printable("it's ok: naïve 日本語 🙂")).toBe("it's ok: naïve 日本語 🙂");
  });

  it('disarms a title change, a cursor movement, an OSC 52 clipboard write and an 8-bit CSI', () => {
    expect(printable('\x1b]0;owned\x07')).toBe('\\u001b]0;owned\\u0007');
    expect(printable('\x1b[2J')).toBe('\\u001b[2J');
    expect(printable('\x1b]52;c;cm0=\x1b\\')).toBe('\\u001b]52;c;cm0=\\u001b\\');
    expect(printable('\u009b2J\u007f')).toBe('\\u009b2J\\u007f');
  });

  it('keeps one line one line, and its direction', () => {
    expect(printable('a\nb\tc\rd')).toBe('a\\nb\\tc\\rd');
    expect(printable('\u202eexe.txt\u2028')).toBe('\\u202eexe.txt\\u2028');
  });

  it('lets no control character through, whatever is fed to it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('printableJson', () => {
  it('is JSON of the same value and free of controls that JSON itself would leave', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const json = printableJson({ text });
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ text })));
        expect(json).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
    // The naive way lets an 8-bit control sequence reach the terminal.
    expect(JSON.stringify('\u009b2J')).toContain('\u009b');
  });
});
