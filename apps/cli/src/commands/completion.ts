import { EXIT } from '../output/exit-codes.js';
import { write } from '../output/write.js';
import { bashScript } from './completion-scripts/bash.js';
import { fishScript } from './completion-scripts/fish.js';
import { zshScript } from './completion-scripts/zsh.js';
import type { CommandSpec, Run } from './spec.js';
import { COMMANDS } from './table.js';

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandSpec[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const run: Run = async (context, input) => {
  const script = SCRIPTS[input.args[0] ?? ''];
  // The parser has refused every other shell.
  if (script !== undefined) await write(context.stdout, script(COMMANDS));
  return EXIT.ok;
};
