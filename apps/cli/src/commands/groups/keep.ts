import type { CommandSpec } from '../spec.js';
import { ID, JSON_OUTPUT } from './shared.js';

export const KEEP_COMMANDS = [
  {
    name: 'preserve',
    summary: 'keep the state when the session ends',
    args: [ID],
    options: [{ name: 'off', description: 'do not keep it' }, JSON_OUTPUT],
    examples: ['bot-bottle preserve claude-x7k2p', 'bot-bottle preserve claude-x7k2p --off'],
  },
  {
    name: 'rm',
    summary: 'remove a bottle that does not run',
    args: [ID],
    options: [
      {
        name: 'force',
        short: 'f',
        description: 'also if it runs (it is stopped first), is preserved or broken',
      },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle rm claude-x7k2p', 'bot-bottle rm --force claude-x7k2p'],
  },
  {
    name: 'migrate',
    summary: 'move a bottle to another backend',
    details:
      'Its workspace, home, transcript, live config and labels come along; it goes on when it is resumed. Refused where the backend lacks what it needs.',
    args: [ID],
    options: [
      { name: 'backend', description: 'where to', value: { name: 'NAME', kind: 'backend' } },
      { name: 'stop', description: 'end it first if it runs; it is kept' },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle migrate claude-x7k2p --backend docker'],
  },
  {
    name: 'adopt',
    summary: 'make a record for containers whose own is gone',
    args: [{ ...ID, kind: 'text' }],
    options: [JSON_OUTPUT],
    examples: ['bot-bottle adopt claude-x7k2p'],
  },
  {
    name: 'prune',
    summary: 'remove what ended and nobody kept',
    details:
      'Containers whose record is gone are shown, and kept for `adopt`; with --orphans they are removed, also those that run.',
    options: [
      { name: 'dry-run', description: 'only say what would be removed, and why' },
      { name: 'orphans', description: 'also containers of this root whose record is gone' },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle prune --dry-run', 'bot-bottle prune --orphans'],
  },
] as const satisfies readonly CommandSpec[];
