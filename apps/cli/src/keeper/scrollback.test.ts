import { Scrollback } from './scrollback.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const shown = (scrollback: Scrollback): string => Buffer.from(scrollback.replay()).toString();

describe('the scroll-back', () => {
  it('shows everything while it fits, bytes and all', () => {
    const scrollback = new Scrollback(100);
    scrollback.push(bytes('one\r\n'));
    scrollback.push(Uint8Array.from([0xff, 0x00, 0xc3]));
    expect(Buffer.from(scrollback.replay())).toEqual(Buffer.from('6f6e650d0aff00c3', 'hex'));
  });

  it('begins at a whole line once its beginning is gone', () => {
    const scrollback = new Scrollback(12);
    for (const chunk of ['first li', 'ne\nseco', 'nd\nthird']) scrollback.push(bytes(chunk));
    expect(shown(scrollback)).toBe('third');
  });

  it('lets nothing go for what it is to keep whole, and says that it is full', () => {
    const scrollback = new Scrollback(12);
    scrollback.push(bytes('first li'), true);
    expect(scrollback.full).toBe(false);
    for (const chunk of ['ne\nseco', 'nd\nthird']) scrollback.push(bytes(chunk), true);
    expect([shown(scrollback), scrollback.full]).toEqual(['first line\nsecond\nthird', true]);
  });

  it('stays within its bound and one chunk', () => {
    const scrollback = new Scrollback(1000);
    for (let turn = 0; turn < 1000; turn += 1) scrollback.push(bytes(`${'x'.repeat(98)}\n`));
    expect(scrollback.replay().length).toBeLessThanOrEqual(1099);
    expect(scrollback.replay().length).toBeGreaterThan(800);
  });

  it.each([
    ['device attributes', '\x1b[c'],
    ['secondary attributes', '\x1b[>0c'],
    ['the cursor position', '\x1b[6n'],
    ['a mode', '\x1b[?2026$p'],
    ['the background colour', '\x1b]11;?\x07'],
    ['a palette colour', '\x1b]4;1;?\x1b\\'],
    ['a termcap entry', '\x1bP+q544e\x1b\\'],
    ['the keyboard protocol', '\x1b[?u'],
    ['the version', '\x1b[>q'],
    ['the size in cells', '\x1b[18t'],
  ])('does not ask a second terminal for %s', (_, question) => {
    const scrollback = new Scrollback(1000);
    scrollback.push(bytes(`a${question}b`));
    expect(shown(scrollback)).toBe('ab');
  });

  it('keeps what only sets something', () => {
    const setting = '\x1b[?1049h\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2 q\x1b[10;5H';
    const scrollback = new Scrollback(1000);
    scrollback.push(bytes(setting));
    expect(shown(scrollback)).toBe(setting);
  });
});
