import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { type AgentImage, builderOf, imageOf } from '../session/image.js';
import type { LaunchRecord } from '../session/launch-file.js';
import { continueInImage } from '../session/rebuild.js';
import { describeBottle } from '../session/state.js';
import { type BottleAtBackend, bottleAtBackend } from './bottle-backend.js';
import { buildProgress } from './build-progress.js';
import { tellResumed } from './resumed.js';
import { converse, detachKeysOf } from './session-end.js';
import type { Input, Run } from './spec.js';

export const run: Run = async (context, input) => {
  const bottle = await bottleAtBackend(context, input.args[0] ?? '');
  const { paths, backend, ref, registry, settings } = bottle;
  builderOf(backend, `${paths.identity} cannot be rebuilt`);
  const detachKeys = detachKeysOf(input, settings);
  const { state } = describeBottle(paths);
  const running = state === 'running' || state === 'starting';
  if (!running && (await backend.status(ref)).state === 'running') {
    throw new CliError(
      'running',
      `the agent of ${paths.identity} runs without its keeper; expected it to be resumed first`,
      {
        try: `bot-bottle resume ${paths.identity} --detach`,
      },
    );
  }
  if (running && !(await agreed(context, input, bottle))) return EXIT.ok;
  const { image, built } = await build(context, input, bottle);
  const tell = (line: string): Promise<void> => writeLine(context.stderr, `bot-bottle: ${line}`);
  if (!built) await tell(`nothing of the image has changed: ${image ?? 'it is the default one'}`);
  if (!running) {
    if (input.flag('json'))
      await writeJson(context.stdout, { identity: paths.identity, image: image ?? null, built });
    else await writeLine(context.stdout, image ?? '');
    await tell(`it is run by: bot-bottle resume ${paths.identity}`);
    return EXIT.ok;
  }
  const onProgress = buildProgress(context, input);
  const resumed = await continueInImage(context, bottle, { backends: registry.find, onProgress });
  await tellResumed(context, resumed.report);
  return converse(context, input, resumed, { detachKeys });
};

/** What the command is going to do to a running agent, and whether that is wanted. */
async function agreed(context: Context, input: Input, { paths, launch }: BottleAtBackend): Promise<boolean> {
  const tell = (line: string): Promise<void> => writeLine(context.stderr, `bot-bottle: ${line}`);
  for (const line of forecast(launch)) await tell(line);
  if (input.flag('yes')) return true;
  if (!context.stdin.isTTY || !context.stderr.isTTY || input.flag('json')) {
    throw new CliError(
      'running',
      `${paths.identity} runs, and a rebuild ends its processes; expected --yes, or a terminal to ask on`,
      { try: `bot-bottle rebuild ${paths.identity} --yes` },
    );
  }
  const yes = await ask(context, 'bot-bottle: go on? [y/N] ');
  if (!yes) await tell('nothing was done');
  return yes;
}

function forecast({ workspace, agent }: LaunchRecord): readonly string[] {
  const resumed = agent.resumeArgs.length > 0 ? `, resumed by ${agent.resumeArgs.join(' ')}` : '';
  return [
    'first the image is built; where that fails, the agent runs on untouched',
    `will be back: the workspace${workspace.kind === 'mount' ? ` ${workspace.source}` : ''}, its home, labels and live config`,
    ...(agent.transcript.length > 0
      ? [`will be back: its conversation (${agent.transcript.join(', ')})${resumed}`]
      : []),
    'will NOT be back: its processes, /tmp, and whatever terminals are attached to it',
    'will be new: the file system of its image',
  ];
}

async function ask({ stdin, stderr }: Context, question: string): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr });
  try {
    // The end of the input is no answer, and `question` would wait for ever.
    const closed = new Promise<string>(resolve => prompt.once('close', () => resolve('')));
    return /^y(es)?$/i.test((await Promise.race([prompt.question(question), closed])).trim());
  } finally {
    prompt.close();
  }
}

/** Ctrl-C ends the build and nothing else: the agent runs on. */
async function build(
  context: Context,
  input: Input,
  { paths, launch, backend }: BottleAtBackend,
): Promise<AgentImage> {
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  process.on('SIGINT', cancel).on('SIGTERM', cancel);
  try {
    const host = { progress: buildProgress(context, input), signal: stop.signal };
    return await imageOf({ backend, agent: launch.agent, paths, host, noCache: input.flag('no-cache') });
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
  }
}
