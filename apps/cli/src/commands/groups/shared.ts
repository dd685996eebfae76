// What several commands take.
import type { ArgumentSpec, OptionSpec } from '../spec.js';

export const ID: ArgumentSpec = {
  name: 'ID',
  description: 'identity of a bottle, or the start of it if no other has the same',
  kind: 'identity',
};
export const JSON_OUTPUT: OptionSpec = { name: 'json', description: 'print JSON; errors too, on stderr' };
export const DETACH_KEYS: OptionSpec = {
  name: 'detach-keys',
  description: 'keys that detach the terminal (default: ctrl-p,ctrl-q)',
  value: { name: 'KEYS', kind: 'text' },
};
export const PRESERVE: OptionSpec = { name: 'preserve', description: 'keep the state when the session ends' };
export const DETACH: OptionSpec = {
  name: 'detach',
  short: 'd',
  description: 'do not attach: print the identity',
};
