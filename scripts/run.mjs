// `npm start`, `npm test` and the `npm run` commands: sets up what is missing, then does the job.
// Runs on any Node from 18 on, with no dependency, since it is what installs them.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { isBuilt, markBuilt, root, say, setUp } from './set-up.mjs';

const [job, ...args] = process.argv.slice(2);

/** Runs a command on this terminal; resolves with its exit code (128 + n for a signal, as a shell says it). */
function run(file, argv, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { cwd: root, stdio: 'inherit', ...options });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

async function build(tools) {
  if (isBuilt()) return;
  say('building the packages and the CLI');
  const code = await run(
    tools.pnpm,
    ['turbo', 'run', 'build', '--output-logs=errors-only', '--log-order=grouped'],
    {
      env: tools.env,
      stdio: ['ignore', 2, 2],
    },
  );
  if (code !== 0) fail(`the build failed (exit ${code}); its output is above`);
  markBuilt();
}

function fail(message) {
  say(message);
  process.exit(1);
}

const jobs = {
  async start() {
    const tools = setUp({ tests: false });
    await build(tools);
    const cli = join(root, 'apps/cli/dist/bot-bottle.cjs');
    // npm changes to the project's folder; the operator's own is in INIT_CWD, and relative arguments mean that one.
    const cwd = process.env.INIT_CWD ?? process.cwd();
    if (args.length > 0) return run(tools.node, [cli, ...args], { cwd, env: tools.operatorEnv });
    return run(tools.node, [join(root, 'scripts/tour.mjs'), cli], { cwd, env: tools.operatorEnv });
  },
  async test() {
    const tools = setUp({ tests: true });
    await build(tools);
    await run(tools.node, ['scripts/count-tests.mjs', '--forget'], { env: tools.env });
    const code = await run(
      tools.pnpm,
      [
        'turbo',
        'run',
        'lint',
        'typecheck',
        'test',
        '--continue',
        '--concurrency=2',
        '--output-logs=new-only',
        ...args,
      ],
      { env: tools.env },
    );
    // With a filter, say, not every package has a result.
    const count = ['scripts/count-tests.mjs', ...(args.length > 0 ? ['--partial'] : [])];
    return (await run(tools.node, count, { env: tools.env })) || code;
  },
  async check() {
    const tools = setUp({ tests: false });
    return run(tools.pnpm, ['turbo', 'run', 'lint', 'layers', 'typecheck', ...args], { env: tools.env });
  },
  async api() {
    const tools = setUp({ tests: false });
    await build(tools);
    return run(tools.node, ['release/src/write-api-reports.ts'], { env: tools.env });
  },
  async 'release:version'() {
    const tools = setUp({ tests: false });
    return run(tools.node, ['release/src/version.ts'], { env: tools.env });
  },
  async 'release:dry'() {
    const tools = setUp({ tests: true });
    await build(tools);
    const jest = join(root, 'node_modules/.bin/jest');
    return run(jest, ['--verbose', ...args], { cwd: join(root, 'release'), env: tools.env });
  },
  async bench() {
    const tools = setUp({ tests: true });
    await build(tools);
    return run(tools.node, ['bench/run.mjs', ...args], { env: tools.env });
  },
};

const HELP = {
  test: 'npm test [-- OPTIONS OF TURBO]      every check and test; e.g. npm test -- --filter=@bot-bottle/identity',
  check: 'npm run check [-- OPTIONS OF TURBO]   lint, layers and types alone',
  'release:dry':
    'npm run release:dry [-- OPTIONS OF JEST]   releases to a registry of its own: release/README.md',
  bench: 'npm run bench [-- NAME ...]   the paired benchmarks: bench/README.md',
};

if (!(job in jobs)) fail(`unknown job "${job}"; expected one of: ${Object.keys(jobs).join(', ')}`);
// Not for `start`: there it is the CLI's.
if (job in HELP && args.some(arg => arg === '--help' || arg === '-h')) {
  console.log(HELP[job]);
  process.exit(0);
}
process.exit(await jobs[job]());
