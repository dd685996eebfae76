import type { CommandSpec } from '../spec.js';
import { JSON_OUTPUT } from './shared.js';

export const SET_UP_COMMANDS = [
  {
    name: 'agents',
    summary: 'list the agents that can be started',
    details: 'The built-in ones, those of your bot-bottle.yaml and those of the project that you stand in.',
    options: [JSON_OUTPUT],
    examples: ['bot-bottle agents', 'bot-bottle agents --json'],
  },
  {
    name: 'doctor',
    summary: 'check this machine and the state folder',
    details: 'Each backend runs a bottle, which looks for a way out. Fails where a check does.',
    options: [JSON_OUTPUT],
    examples: ['bot-bottle doctor'],
  },
  {
    name: 'completion',
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
