import { KEEP_COMMANDS } from './groups/keep.js';
import { LOOK_COMMANDS } from './groups/look.js';
import { REACH_COMMANDS } from './groups/reach.js';
import { RUN_COMMANDS } from './groups/run.js';
import { SET_UP_COMMANDS } from './groups/set-up.js';
import type { CommandSpec } from './spec.js';

const TABLE = [
  { title: 'Run', commands: RUN_COMMANDS },
  { title: 'Look', commands: LOOK_COMMANDS },
  { title: 'Reach', commands: REACH_COMMANDS },
  { title: 'Keep or remove', commands: KEEP_COMMANDS },
  { title: 'Set up', commands: SET_UP_COMMANDS },
] as const;

export type CommandName = (typeof TABLE)[number]['commands'][number]['name'];

export type NamedCommand = CommandSpec & { readonly name: CommandName };

/** In the order of the help. A new command stands in one of `groups/` and in `loaders.ts`: all else is made from that. */
export const GROUPS: readonly { readonly title: string; readonly commands: readonly NamedCommand[] }[] =
  TABLE;

export const COMMANDS: readonly NamedCommand[] = GROUPS.flatMap(group => group.commands);
