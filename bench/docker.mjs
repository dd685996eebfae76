// A bottle in containers beside the same two containers without us: bare Compose on the very compose.yaml of the bottle, and bare
// `docker run` with the same options. From the start to the agent's first output, from the agent's end until both containers are
// gone, and whole sessions through the CLI. BENCH_ROUNDS=15
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dockerBackend } from '@bot-bottle/backend-docker';
import { makeTestImage, startEngine, TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { compose, composeVersion, createArguments, run, startUntil } from './docker/bare.mjs';
import { ptyHost } from './docker/host.mjs';
import { pairedParts, report } from './paired.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const START = 'start to first output';
const END = 'end to gone';

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const engine = await startEngine();
try {
  makeTestImage();
  await main();
} finally {
  await engine.stop();
}

async function main() {
  const version = composeVersion();
  const backend = dockerBackend({ image: TEST_IMAGE });
  const spec = specOf(['sh', '-c', 'echo ready; read -r _ </workspace/end']);
  const file = join(spec.stateFolder, 'compose.yaml');
  const end = () => writeFileSync(join(spec.workspace.source, 'end'), '\n');

  const ours = async () => {
    const host = ptyHost();
    const began = performance.now();
    const { exited } = await backend.launch(await backend.prepare(spec), host);
    const shown = await host.shown('ready');
    end();
    const ended = performance.now();
    await exited;
    await backend.destroy(spec);
    return { [START]: shown - began, [END]: performance.now() - ended };
  };
  const bare = async (up, down) => {
    await backend.prepare(spec);
    const began = performance.now();
    const agent = await up();
    const shown = performance.now();
    end();
    const ended = performance.now();
    await agent.ended();
    await down();
    const gone = performance.now();
    await agent.over;
    await backend.destroy(spec);
    return { [START]: shown - began, [END]: gone - ended };
  };
  const bases = {
    [`Compose ${version}: up, down`]: () =>
      bare(
        () => startUntil(compose(file, 'up'), 'ready', 'exited with code'),
        () => run(compose(file, 'down')),
      ),
    'docker: run, rm': () =>
      bare(
        async () => {
          const [egress, agent] = createArguments(file);
          await run(['docker', 'run', '--detach', ...egress]);
          return startUntil(['docker', 'run', ...agent], 'ready');
        },
        () =>
          run([
            'docker',
            'rm',
            '--force',
            `bot-bottle-${spec.identity}-agent`,
            `bot-bottle-${spec.identity}-egress`,
          ]),
      ),
  };
  for (const [name, base] of Object.entries(bases)) {
    for (const result of await pairedParts({ ours, base, rounds: ROUNDS })) {
      report({ ...result, name: `${result.name}, base ${name}` });
    }
  }
  await sessions(version);
}

/** `start shell -- -c true` from typing it to its exit code, beside Compose on what it writes, up and down. */
async function sessions(version) {
  const home = temporaryFolder();
  const adapter = fileURLToPath(import.meta.resolve('@bot-bottle/backend-docker'));
  writeFileSync(
    join(home, 'bot-bottle.yaml'),
    `backends: { docker: "${adapter}" }\nagents: { shell: { image: "${TEST_IMAGE}" } }\n`,
  );
  const env = { ...process.env, BOT_BOTTLE_HOME: home };
  const cli = fileURLToPath(new URL('../apps/cli/dist/bot-bottle.cjs', import.meta.url));
  const backend = dockerBackend({ image: TEST_IMAGE });
  const spec = specOf(['sh', '-c', 'true']);
  await backend.prepare(spec);
  const file = join(spec.stateFolder, 'compose.yaml');
  const [result] = await pairedParts({
    rounds: ROUNDS,
    ours: () =>
      whole(() =>
        run([process.execPath, cli, 'start', 'shell', '--backend', 'docker', '--', '-c', 'true'], env),
      ),
    base: () =>
      whole(async () => {
        await run(compose(file, 'up', '--abort-on-container-exit'));
        await run(compose(file, 'down'));
      }),
  });
  report({ ...result, name: `a session of the CLI, base Compose ${version}: up, down` });
  await backend.destroy(spec);
}

async function whole(work) {
  const began = performance.now();
  await work();
  return { whole: performance.now() - began };
}

/** A bottle on folders of its own. Its agent may wait at the FIFO `end` of the workspace. */
function specOf(command) {
  const root = temporaryFolder();
  const folder = name => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const workspace = folder('workspace');
  execFileSync('mkfifo', [join(workspace, 'end')]);
  return {
    identity: 'bench-aaaaa',
    agentName: 'bench',
    stateFolder: join(root, 'backend'),
    command,
    env: {},
    workspace: { kind: 'empty', source: workspace, target: '/workspace' },
    home: { source: folder('home'), target: '/home/agent' },
    limits: {},
    labels: {},
    egress: { port: 3128 },
  };
}
