import { TerminalModes } from './terminal-modes.js';

function restoreAfter(...chunks: string[]): string {
  const modes = new TerminalModes();
  for (const chunk of chunks) modes.see(Buffer.from(chunk, 'latin1'));
  return modes.restore();
}

describe('a terminal that leaves', () => {
  it('is given nothing when the program set nothing', () => {
    expect(restoreAfter('plain \x1b[31mred\x1b[0m text\r\n')).toBe('');
  });

  it('comes back from the alternate screen, with its cursor, its mouse and its paste', () => {
    const restored = restoreAfter('\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h');
    for (const part of ['\x1b[?1049l', '\x1b[?25h', '\x1b[?1000l', '\x1b[?1006l', '\x1b[?2004l']) {
      expect(restored).toContain(part);
    }
  });

  it('is given nothing for what the program undid itself', () => {
    expect(restoreAfter('\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l')).toBe('');
  });

  it('comes back from a mode whose sequence was split anywhere', () => {
    const text = 'x\x1b[?1049hy';
    for (let at = 0; at <= text.length; at += 1) {
      expect(restoreAfter(text.slice(0, at), text.slice(at))).toBe('\x1b[?1049l\x1b[0m');
    }
  });

  it('counts a sequence once, also when a short chunk follows', () => {
    expect(restoreAfter('\x1b[>1u', 'a', 'b')).toBe('\x1b[<1u');
    expect(restoreAfter('\x1b[>1u', '\x1b[>1u', '\x1b[<u')).toBe('\x1b[<1u');
  });
});
