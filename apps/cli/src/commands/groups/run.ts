import type { CommandSpec } from '../spec.js';
import { DETACH, DETACH_KEYS, ID, JSON_OUTPUT, PRESERVE } from './shared.js';

export const RUN_COMMANDS = [
  {
    name: 'start',
    summary: 'start an agent in a new bottle',
    details:
      "Without --cwd and --copy-cwd the workspace is empty. The exit code is the agent's own; 125 is a failure of bot-bottle itself.",
    args: [
      { name: 'AGENT', description: 'name of an agent (see: bot-bottle agents)', kind: 'agent' },
      {
        name: 'ARGS',
        description: "arguments for the agent, after '--'",
        kind: 'file',
        optional: true,
        variadic: true,
      },
    ],
    options: [
      {
        name: 'cwd',
        description: 'mount DIR read-write at its own path',
        value: { name: 'DIR', kind: 'folder' },
      },
      {
        name: 'copy-cwd',
        description: 'give the bottle a copy of DIR (default: the current folder)',
        value: { name: 'DIR', kind: 'folder', optional: true },
      },
      {
        name: 'backend',
        description: 'run it on this backend',
        value: { name: 'NAME', kind: 'backend' },
      },
      {
        name: 'label',
        short: 'l',
        description: 'label the bottle; may be given again',
        value: { name: 'K=V', kind: 'text', repeated: true },
      },
      {
        name: 'allow',
        description: "let it reach 'HOST[:PORT] [FLAG...]'; may be given again",
        value: { name: 'HOST', kind: 'text', repeated: true },
      },
      {
        name: 'routes',
        description: 'routes: methods, paths and credentials of hosts',
        value: { name: 'FILE', kind: 'file' },
      },
      PRESERVE,
      DETACH,
      DETACH_KEYS,
      JSON_OUTPUT,
    ],
    examples: [
      'bot-bottle start claude --cwd .',
      'bot-bottle start codex --copy-cwd --label task=42',
      'bot-bottle start shell --detach',
      "bot-bottle start codex --allow docs.python.org --allow '*.github.com'",
      'bot-bottle start shell --cwd . -- make test',
    ],
  },
  {
    name: 'resume',
    summary: 'run an ended bottle again',
    args: [ID],
    options: [
      { name: 'without-workspace', description: 'also if the mounted folder is gone' },
      { name: 'new-limits', description: "with the configuration's limits of now, from now on" },
      PRESERVE,
      DETACH,
      DETACH_KEYS,
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle resume claude-x7k2p'],
  },
  {
    name: 'rebuild',
    summary: 'build the image anew and go on in it',
    details:
      'The image is built first; where that fails, a running agent is not touched. Then the session ends and is resumed in the new image. Of a bottle that does not run, the image alone is built.',
    args: [ID],
    options: [
      { name: 'no-cache', description: 'every step of it, also where nothing has changed' },
      { name: 'yes', short: 'y', description: 'do not ask before a running agent is ended' },
      DETACH,
      DETACH_KEYS,
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle rebuild claude-x7k2p', 'bot-bottle rebuild claude-x7k2p --yes --detach'],
  },
  {
    name: 'image',
    summary: 'show or change what its image is made of',
    details:
      "A Dockerfile of the bottle's own takes the place of its agent's, with the same build context. It is built at the next resume, or by rebuild.",
    args: [ID],
    options: [
      { name: 'show', description: 'print its Dockerfile (what is done where nothing is said)' },
      { name: 'edit', description: "edit it with $VISUAL or $EDITOR, starting from its agent's" },
      { name: 'diff', description: "what it changes of its agent's" },
      { name: 'reset', description: "remove it: back to its agent's image" },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle image claude-x7k2p --edit', 'bot-bottle image claude-x7k2p --diff'],
  },
  {
    name: 'attach',
    summary: 'attach this terminal to a running bottle',
    args: [ID],
    options: [DETACH_KEYS],
    examples: ['bot-bottle attach claude-x7k2p'],
  },
  {
    name: 'stop',
    summary: 'end a running bottle',
    args: [ID],
    options: [
      {
        name: 'grace',
        description: 'seconds between the polite signal and the kill (default: 10)',
        value: { name: 'SECONDS', kind: 'text' },
      },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle stop claude-x7k2p --grace 30'],
  },
] as const satisfies readonly CommandSpec[];
