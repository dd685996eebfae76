import type { ExitStatus, TerminalSize } from '@bot-bottle/backend';
import { type ClientMessage, type KeeperMessage, ProtocolError } from './protocol.js';

/**
 * Checks what the other side sent. Null: a message of a type that this version does not know, which is passed over, so
 * that a later version can add one. Throws ProtocolError 'malformed'.
 */
export function parseClientMessage(value: unknown): ClientMessage | null {
  const message = object(value);
  switch (message.type) {
    case 'hello':
      return { type: 'hello', protocol: integer(message.protocol, 0, 0xffff) };
    case 'attach':
      return {
        type: 'attach',
        size: message.size === null ? null : size(message.size),
        replay: message.replay === true,
      };
    case 'resize':
      return { type: 'resize', size: size(message.size) };
    case 'stop':
      return { type: 'stop', graceMs: integer(message.graceMs, 0, 0x7fffffff) };
    default:
      return null;
  }
}

/** As `parseClientMessage`, for what a keeper sent. */
export function parseKeeperMessage(value: unknown): KeeperMessage | null {
  const message = object(value);
  switch (message.type) {
    case 'hello':
      return {
        type: 'hello',
        protocol: integer(message.protocol, 0, 0xffff),
        identity: string(message.identity),
      };
    case 'ended':
      return {
        type: 'ended',
        exit: exitStatus(message.exit),
        kept: message.kept === true,
        notes: Array.isArray(message.notes) ? message.notes.map(string) : [],
      };
    case 'error': {
      const code = message.code === 'protocol-mismatch' ? message.code : 'malformed';
      return { type: 'error', code, message: string(message.message) };
    }
    default:
      return null;
  }
}

/** The kernel holds a terminal's size in two unsigned 16-bit numbers (tty_ioctl(2), struct winsize). */
function size(value: unknown): TerminalSize {
  const { columns, rows } = object(value);
  return { columns: integer(columns, 1, 0xffff), rows: integer(rows, 1, 0xffff) };
}

function exitStatus(value: unknown): ExitStatus {
  return { code: integer(object(value).code, 0, 255) };
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('malformed', 'a control message is not an object');
  }
  return value as Record<string, unknown>;
}

function integer(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new ProtocolError('malformed', `expected a whole number from ${least} to ${most}`);
  }
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') {
    throw new ProtocolError('malformed', 'expected a string');
  }
  return value;
}
