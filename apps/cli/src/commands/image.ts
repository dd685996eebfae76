import type { Backend, ImageBuilder } from '@bot-bottle/backend';
import { clearOverride, overrideImage, readOverride, writeOverride } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import type { Context } from '../context.js';
import { usageError } from '../output/errors.js';
import { printable } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { write, writeJson, writeLine } from '../output/write.js';
import { type Edited, editText } from '../session/edit-text.js';
import { describeLeft } from '../session/end.js';
import { builderOf, removeImage } from '../session/image.js';
import { originalOf, overridePatch } from '../session/override.js';
import { describeBottle } from '../session/state.js';
import { bottleAtBackend } from './bottle-backend.js';
import type { Input, Run } from './spec.js';

const ACTIONS = ['edit', 'show', 'diff', 'reset'] as const;

interface Subject {
  readonly context: Context;
  readonly paths: BottlePaths;
  readonly agent: AgentDefinition;
  readonly backend: Backend;
  readonly builder: ImageBuilder;
  readonly json: boolean;
}

export const run: Run = async (context, input) => {
  const action = actionOf(input);
  const { paths, launch, backend } = await bottleAtBackend(context, input.args[0] ?? '');
  const builder = builderOf(backend, `${paths.identity} has no image of its own`);
  const subject = { context, paths, agent: launch.agent, backend, builder, json: input.flag('json') };
  await DO[action](subject);
  return EXIT.ok;
};

function actionOf(input: Input): (typeof ACTIONS)[number] {
  const [action = 'show', ...others] = ACTIONS.filter(name => input.flag(name));
  if (others.length > 0) {
    throw usageError(
      `--${action} and --${others[0]} were both given; expected one of them`,
      'bot-bottle image --help',
    );
  }
  return action;
}

const DO: Readonly<Record<(typeof ACTIONS)[number], (subject: Subject) => Promise<void>>> = {
  edit,
  show,
  diff,
  reset,
};

async function edit({ context, paths, agent, builder, json }: Subject): Promise<void> {
  const before = readOverride(paths);
  const from = before ?? originalOf(agent, builder).text;
  const edited = await editText(from, { name: 'Dockerfile', env: context.env });
  const changed = edited.text !== from;
  if (changed) await store(paths, edited);
  edited.discard();
  if (json)
    return writeJson(context.stdout, {
      identity: paths.identity,
      changed,
      override: changed || before !== null,
    });
  if (!changed) return writeLine(context.stderr, `bot-bottle: nothing was changed`);
  await writeLine(context.stdout, paths.identity);
  const running = describeBottle(paths).state === 'running';
  const next = `bot-bottle ${running ? 'rebuild' : 'resume'} ${paths.identity}`;
  await writeLine(context.stderr, `bot-bottle: it is built by: ${next}`);
}

/** A text that could not be stored is not lost. */
async function store(paths: BottlePaths, { text, path }: Edited): Promise<void> {
  try {
    await writeOverride(paths, text);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { left: [`what you wrote: ${path}`] });
    throw error;
  }
}

async function show({ context, paths, agent, builder, json }: Subject): Promise<void> {
  const override = readOverride(paths);
  const original = override === null ? originalOf(agent, builder) : null;
  const text = override ?? original?.text ?? '';
  const of = override === null ? (original?.path ?? null) : paths.dockerfile;
  if (json) {
    const image = override === null ? (agent.image ?? null) : overrideImage(paths.identity);
    const buildContext = agent.dockerfile?.context ?? null;
    const shown = { override: override !== null, image, path: of, context: buildContext, dockerfile: text };
    return writeJson(context.stdout, { identity: paths.identity, ...shown });
  }
  const whose = override === null ? `the image of agent "${agent.name}"` : 'its own Dockerfile';
  await writeLine(context.stderr, `bot-bottle: ${whose}${of === null ? '' : `: ${of}`}`);
  await writeText(context, text);
}

async function diff({ context, paths, agent, builder, json }: Subject): Promise<void> {
  const patch = overridePatch(originalOf(agent, builder).text, readOverride(paths));
  if (json) await writeJson(context.stdout, { identity: paths.identity, patch });
  else await writeText(context, patch);
}

async function reset({ context, paths, backend, json }: Subject): Promise<void> {
  const removed = await clearOverride(paths);
  const left = removed ? await removeImage(backend, paths) : [];
  if (json) return writeJson(context.stdout, { identity: paths.identity, reset: removed, left });
  if (!removed) {
    return writeLine(context.stderr, `bot-bottle: ${paths.identity} has no Dockerfile of its own`);
  }
  await writeLine(context.stdout, paths.identity);
  // One that its agent still runs, or an engine that is down.
  for (const line of describeLeft(left)) {
    await writeLine(context.stderr, `bot-bottle: ${line}; it goes with the bottle`);
  }
}

/** In a pipe as it is; on a terminal nothing in it may act. */
async function writeText({ stdout }: Context, text: string): Promise<void> {
  const lines = stdout.isTTY
    ? text.split('\n').map(line => line.split('\t').map(printable).join('\t'))
    : null;
  await write(stdout, lines?.join('\n') ?? text);
}
