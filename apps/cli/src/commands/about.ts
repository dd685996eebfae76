// What help, the overview and the manual say of the program itself.

export const DESCRIPTION = 'Run an AI coding agent in a bottle: a disposable sandbox whose state survives.';

/** What to type, and what for. */
export type Hint = readonly [command: string, purpose: string];

export const EXAMPLES: readonly Hint[] = [
  ['bot-bottle start claude --cwd .', 'work here; ctrl-p ctrl-q detaches'],
  ['bot-bottle start codex --copy-cwd', 'work on a copy of this folder'],
  ['bot-bottle list', 'what runs and what is kept'],
  ['bot-bottle resume claude-x7k2p', 'go on with it'],
];

/** The variables that bot-bottle reads, beside those that an agent's definition names. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['BOT_BOTTLE_HOME', 'the root folder, instead of ~/.bot-bottle'],
  ['BOT_BOTTLE_BACKEND', 'of new bottles, where nothing else names one'],
  ['BOT_BOTTLE_IMAGE', 'the image of a docker bottle whose agent names none'],
  ['BOT_BOTTLE_DEBUG', '1: the stack behind each failure'],
  ['VISUAL, EDITOR', 'the editor of image --edit'],
  ['NO_COLOR, FORCE_COLOR', 'never colour, or always; else a terminal is coloured'],
  ['XDG_CACHE_HOME', 'where compiled code is kept, instead of ~/.cache'],
];

/** Below the root folder. */
export const FILES: readonly (readonly [path: string, meaning: string])[] = [
  ['bot-bottle.yaml', 'your configuration: agents, backends, limits'],
  ['state/', 'a folder for each bottle'],
  ['audit/', 'what each bottle reached and was denied; kept when the bottle goes'],
];
