import type { TerminalSize } from '@bot-bottle/backend';
import type { Context } from '../context.js';

/** Null for what is no terminal, and for one whose size nobody set: the kernel then says 0 (tty_ioctl(2), TIOCGWINSZ). */
export function terminalSize({ stdout }: Context): TerminalSize | null {
  const { isTTY, columns, rows } = stdout;
  return isTTY && columns > 0 && rows > 0 ? { columns, rows } : null;
}
