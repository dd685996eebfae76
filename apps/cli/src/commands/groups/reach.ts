import type { ArgumentSpec, CommandSpec } from '../spec.js';
import { ID, JSON_OUTPUT } from './shared.js';

const HOSTS: ArgumentSpec = {
  name: 'HOST',
  description: "host name, '*.' and a domain, or IP address; see README",
  kind: 'text',
  variadic: true,
};

export const REACH_COMMANDS = [
  {
    name: 'allow',
    summary: 'let a bottle reach further hosts',
    details:
      "HOST is a line of an allowlist: 'HOST[:PORT] [FLAG...]'. Of a running bottle it is in force when the command returns.",
    args: [ID, HOSTS],
    options: [JSON_OUTPUT],
    examples: [
      'bot-bottle allow claude-x7k2p docs.python.org www.python.org',
      "bot-bottle allow claude-x7k2p '*.github.com' db.example.com:5432",
      "bot-bottle allow claude-x7k2p 'host.bot-bottle.internal:8080 private'",
    ],
  },
  {
    name: 'deny',
    summary: 'take hosts from its allowlist again',
    details:
      'Removes the lines for exactly this host and port, and ends the connections that they let out. Fails where another line still allows it.',
    args: [ID, HOSTS],
    options: [JSON_OUTPUT],
    examples: ['bot-bottle deny claude-x7k2p docs.python.org'],
  },
  {
    name: 'policy',
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
    summary: 'show what a bottle reached and was denied',
    details:
      'Also of a bottle that is gone. A table on a terminal; in a pipe one line each, tab-separated, without a heading.',
    args: [{ ...ID, kind: 'recorded' }],
    options: [
      { name: 'follow', short: 'f', description: 'go on until the session ends' },
      { name: 'denied', description: 'only what was denied' },
      { name: 'all', description: 'also the denial by which each launch proves its way out' },
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
] as const satisfies readonly CommandSpec[];
