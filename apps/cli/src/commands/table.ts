import type { BottleState } from '../session/state.js';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './spec.js';

const STATES = [
  'running',
  'preserved',
  'dead',
  'stopped',
  'starting',
  'ending',
  'unfinished',
  'broken',
  'unknown',
] as const satisfies readonly BottleState[];

const ID: ArgumentSpec = {
  name: 'ID',
  description: 'identity of a bottle, or the start of it if no other has the same',
  kind: 'identity',
};
const HOSTS: ArgumentSpec = {
  name: 'HOST',
  description: "host name, '*.' and a domain, or IP address; see README",
  kind: 'text',
  variadic: true,
};
const JSON_OUTPUT: OptionSpec = { name: 'json', description: 'print JSON; errors too, on stderr' };
const DETACH_KEYS: OptionSpec = {
  name: 'detach-keys',
  description: 'keys that detach the terminal (default: ctrl-p,ctrl-q)',
  value: { name: 'KEYS', kind: 'text' },
};
const PRESERVE: OptionSpec = { name: 'preserve', description: 'keep the state when the session ends' };
const DETACH: OptionSpec = { name: 'detach', short: 'd', description: 'do not attach: print the identity' };

const RUN = 'Run';
const LOOK = 'Look';
const REACH = 'Reach';
const KEEP = 'Keep or remove';
const SET_UP = 'Set up';

const TABLE = [
  {
    name: 'start',
    group: RUN,
    summary: 'start an agent in a new bottle',
    details:
      "Without --cwd and --copy-cwd the workspace is empty. The exit code is the agent's own; 125 is a failure of bot-bottle itself.",
    args: [
      { name: 'AGENT', description: 'name of an agent (see: bot-bottle agents)', kind: 'agent' },
      {
        name: 'ARGS',
        description: "arguments for the agent, after '--'",
        kind: 'text',
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
        description: "let it reach 'HOST[:PORT] [FLAG…]'; may be given again",
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
      "bot-bottle start codex --allow pypi.org --allow '*.npmjs.org'",
      'bot-bottle start shell --cwd . -- make test',
    ],
  },
  {
    name: 'resume',
    group: RUN,
    summary: 'run an ended bottle again',
    args: [ID],
    options: [
      { name: 'without-workspace', description: 'also if the mounted folder is gone' },
      PRESERVE,
      DETACH,
      DETACH_KEYS,
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle resume claude-x7k2p'],
  },
  {
    name: 'attach',
    group: RUN,
    summary: 'attach this terminal to a running bottle',
    args: [ID],
    options: [DETACH_KEYS],
    examples: ['bot-bottle attach claude-x7k2p'],
  },
  {
    name: 'stop',
    group: RUN,
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
  {
    name: 'list',
    group: LOOK,
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
    group: LOOK,
    summary: 'show all that is known of a bottle',
    args: [ID],
    options: [JSON_OUTPUT],
    examples: ['bot-bottle show claude-x7k2p'],
  },
  {
    name: 'logs',
    group: LOOK,
    summary: 'print what its terminal showed',
    args: [ID],
    options: [{ name: 'follow', short: 'f', description: 'go on until the session ends' }],
    examples: ['bot-bottle logs claude-x7k2p --follow'],
  },
  {
    name: 'diff',
    group: LOOK,
    summary: 'show what changed in a copied workspace',
    args: [ID],
    options: [
      { name: 'stat', description: 'only how many lines changed in each file' },
      { name: 'name-only', description: 'only the names of changed files' },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle diff codex-p2m9c --stat'],
  },
  {
    name: 'allow',
    group: REACH,
    summary: 'let a bottle reach further hosts',
    details:
      "HOST is a line of an allowlist: 'HOST[:PORT] [FLAG…]'. Of a running bottle it is in force when the command returns.",
    args: [ID, HOSTS],
    options: [JSON_OUTPUT],
    examples: [
      'bot-bottle allow claude-x7k2p pypi.org files.pythonhosted.org',
      "bot-bottle allow claude-x7k2p '*.npmjs.org' db.example.com:5432",
      "bot-bottle allow claude-x7k2p 'host.bot-bottle.internal:8080 private'",
    ],
  },
  {
    name: 'deny',
    group: REACH,
    summary: 'take hosts from its allowlist again',
    details:
      'Removes the lines for exactly this host and port, and ends the connections that they let out. Fails where another line still allows it.',
    args: [ID, HOSTS],
    options: [JSON_OUTPUT],
    examples: ['bot-bottle deny claude-x7k2p pypi.org'],
  },
  {
    name: 'policy',
    group: REACH,
    summary: 'show or replace what a bottle may reach',
    args: [ID],
    options: [
      {
        name: 'allowlist',
        description: 'replace its allowlist by this one',
        value: { name: 'FILE', kind: 'file' },
      },
      {
        name: 'routes',
        description: 'replace its routes by these',
        value: { name: 'FILE', kind: 'file' },
      },
      JSON_OUTPUT,
    ],
    examples: ['bot-bottle policy claude-x7k2p', 'bot-bottle policy claude-x7k2p --routes routes.yaml'],
  },
  {
    name: 'egress',
    group: REACH,
    summary: 'show what a bottle reached and was denied',
    details:
      'Also of a bottle that is gone. A table on a terminal; in a pipe one line each, tab-separated, without a heading.',
    args: [{ ...ID, kind: 'recorded' }],
    options: [
      { name: 'follow', short: 'f', description: 'go on until the session ends' },
      { name: 'denied', description: 'only what was denied' },
      { name: 'suggest', description: 'the shortest allowlist for what was denied' },
      {
        name: 'replay',
        description: 'what this allowlist, or these routes (.yaml), would have decided',
        value: { name: 'FILE', kind: 'file', repeated: true },
      },
      JSON_OUTPUT,
    ],
    examples: [
      'bot-bottle egress claude-x7k2p --follow --denied',
      'bot-bottle egress claude-x7k2p --suggest',
      'bot-bottle egress claude-x7k2p --replay allowlist --replay routes.yaml',
    ],
  },
  {
    name: 'preserve',
    group: KEEP,
    summary: 'keep the state when the session ends',
    args: [ID],
    options: [{ name: 'off', description: 'do not keep it' }, JSON_OUTPUT],
    examples: ['bot-bottle preserve claude-x7k2p', 'bot-bottle preserve claude-x7k2p --off'],
  },
  {
    name: 'rm',
    group: KEEP,
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
    name: 'prune',
    group: KEEP,
    summary: 'remove what ended and nobody kept',
    options: [{ name: 'dry-run', description: 'only say what would be removed, and why' }, JSON_OUTPUT],
    examples: ['bot-bottle prune --dry-run'],
  },
  {
    name: 'agents',
    group: SET_UP,
    summary: 'list the agents that can be started',
    options: [JSON_OUTPUT],
  },
  {
    name: 'doctor',
    group: SET_UP,
    summary: 'check this machine and the state folder',
    options: [JSON_OUTPUT],
  },
  {
    name: 'completion',
    group: SET_UP,
    summary: 'print the completion script of a shell',
    args: [
      {
        name: 'SHELL',
        description: 'bash, zsh or fish',
        kind: 'text',
        choices: ['bash', 'zsh', 'fish'],
      },
    ],
    examples: [
      'eval "$(bot-bottle completion bash)"   # in ~/.bashrc',
      'eval "$(bot-bottle completion zsh)"    # in ~/.zshrc',
      'bot-bottle completion fish | source    # in ~/.config/fish/config.fish',
    ],
  },
] as const satisfies readonly CommandSpec[];

export type CommandName = (typeof TABLE)[number]['name'];

/** In the order of the help. */
export const COMMANDS: readonly (CommandSpec & { readonly name: CommandName })[] = TABLE;
