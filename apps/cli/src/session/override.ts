import { readFileSync } from 'node:fs';
import type { ImageBuilder } from '@bot-bottle/backend';
import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';
import type { AgentDefinition } from '../agents/definition.js';
import { edit } from '../output/shell-word.js';
import { messageOf } from '../thrown.js';
import { SessionError } from './errors.js';

/** What a bottle's image is made of without an override. */
export interface Original {
  readonly text: string;
  /** Null: the text stands for an image that is named. */
  readonly path: string | null;
  /** What COPY and ADD read, of an override too; null: nothing. */
  readonly context: string | null;
}

/** The Dockerfile of the agent, or one that says no more than which image it is. Throws SessionError 'no-dockerfile'. */
export function originalOf({ name, dockerfile, image }: AgentDefinition, builder: ImageBuilder): Original {
  if (dockerfile === undefined) {
    return { text: `FROM ${image ?? builder.defaultImage}\n`, path: null, context: null };
  }
  try {
    return { text: readFileSync(dockerfile.path, 'utf8'), ...dockerfile };
  } catch (cause) {
    throw new SessionError(
      'no-dockerfile',
      `the Dockerfile of agent "${name}" cannot be read: ${messageOf(cause)}`,
      { cause, remedy: edit(dockerfile.path) },
    );
  }
}

/** What the override changes, as a unified diff; empty where that is nothing. */
export function overridePatch(original: string, override: string | null): string {
  if (override === null || override === original) return '';
  return formatPatch(structuredPatch('a/Dockerfile', 'b/Dockerfile', original, override), FILE_HEADERS_ONLY);
}
