import type { BottleState } from '../../session/state.js';
import type { CommandSpec } from '../spec.js';
import { ID, JSON_OUTPUT } from './shared.js';

const STATES = [
  'running',
  'preserved',
  'dead',
  'unattended',
  'stopped',
  'starting',
  'ending',
  'unfinished',
  'broken',
  'unknown',
] as const satisfies readonly BottleState[];

export const LOOK_COMMANDS = [
  {
    name: 'list',
    summary: 'list the bottles',
    details: 'A table on a terminal; in a pipe one line each, tab-separated, without a heading.',
    options: [
      {
        name: 'label',
        short: 'l',
        description: 'only those with this label; may be given again',
        value: { name: 'K=V', kind: 'text', repeated: true },
      },
      { name: 'agent', description: 'only those of this agent', value: { name: 'AGENT', kind: 'agent' } },
      {
        name: 'backend',
        description: 'only those on this backend',
        value: { name: 'NAME', kind: 'backend' },
      },
      {
        name: 'state',
        description: `only those in this state: ${STATES.join(', ')}`,
        value: { name: 'STATE', kind: 'state', choices: STATES },
      },
      { name: 'size', description: 'show the size on disk; every file is looked at' },
      { name: 'quiet', short: 'q', description: 'print identities only' },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle list --state preserved', 'bot-bottle list --size --json'],
  },
  {
    name: 'show',
    summary: 'show all that is known of a bottle',
    args: [ID],
    options: [JSON_OUTPUT],
    examples: ['bot-bottle show claude-x7k2p'],
  },
  {
    name: 'logs',
    summary: 'print what its terminal showed',
    args: [ID],
    options: [{ name: 'follow', short: 'f', description: 'go on until the session ends' }],
    examples: ['bot-bottle logs claude-x7k2p --follow'],
  },
  {
    name: 'diff',
    summary: 'show what changed in a copied workspace',
    args: [ID],
    options: [
      { name: 'stat', description: 'only how many lines changed in each file' },
      { name: 'name-only', description: 'only the names of changed files' },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle diff codex-p2m9c --stat'],
  },
] as const satisfies readonly CommandSpec[];
