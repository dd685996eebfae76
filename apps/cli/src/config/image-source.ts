import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rootPaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { CliError } from '../output/errors.js';
import { edit } from '../output/shell-word.js';
import { isWithin } from '../session/within.js';
import type { ReadConfig } from './read.js';

type ImageSource = Pick<AgentDefinition, 'image' | 'dockerfile'>;

/**
 * Where the image of an agent comes from: a name or a Dockerfile, as its entry says, else as its base has it. Paths start from the
 * root folder; the context is the Dockerfile's folder unless it is named. @throws CliError `bad-config`
 */
export function imageSource(
  root: string,
  { file, config, where }: ReadConfig,
  name: string,
  base: AgentDefinition | undefined,
): ImageSource {
  const { image, dockerfile, context } = config.agents?.[name] ?? {};
  const refuse = (key: string, fact: string): CliError =>
    new CliError('bad-config', `${where('agents', name, key)}: agent "${name}" ${fact}`, {
      try: edit(file),
    });
  if (dockerfile === undefined) {
    if (context !== undefined)
      throw refuse('context', 'has a context and no Dockerfile; expected "dockerfile" with it');
    if (image !== undefined) return { image };
    return {
      ...(base?.image === undefined ? {} : { image: base.image }),
      ...(base?.dockerfile === undefined ? {} : { dockerfile: base.dockerfile }),
    };
  }
  if (image !== undefined) throw refuse('image', 'has an image and a Dockerfile; expected one of the two');
  const path = resolve(root, dockerfile);
  const folder = resolve(root, context ?? dirname(path));
  if (holdsState(root, folder)) {
    throw refuse(
      context === undefined ? 'dockerfile' : 'context',
      `would be built of ${folder}, which holds the state of bottles or lies in it; expected a folder of its own`,
    );
  }
  return { dockerfile: { path, context: folder } };
}

/** A build context is sent to the engine as a whole. */
function holdsState(root: string, folder: string): boolean {
  const { state } = rootPaths(root);
  return [folder, realOf(folder)].some(path =>
    [state, realOf(state)].some(held => isWithin(held, path) || isWithin(path, held)),
  );
}

/** As it is named where it is not there yet. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
