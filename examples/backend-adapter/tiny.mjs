import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackendError } from '@bot-bottle/backend';
import { acquireClaim, readClaim, readFileOrAbsent, removeTree } from '@bot-bottle/durable-fs';

const bad = message => new BackendError('bad-spec', message);
const file = ({ stateFolder }, name) => join(stateFolder, name);
const firstLine = text => (text?.includes('\n') ? JSON.parse(text.split('\n', 1)[0]) : null);

// Held by the process that launched the bottle, which dies with it: who holds it says whether it runs.
const runs = ref => readClaim(file(ref, 'running')).state === 'held';
// What bubblewrap says first: the first process of the bottle's PID namespace, which starts the agent.
const initOf = ref => firstLine(readFileOrAbsent(file(ref, 'init')))?.['child-pid'];
const agentOf = ref => Number(readFileSync(`/proc/${initOf(ref)}/task/${initOf(ref)}/children`, 'latin1').split(' ')[0]);

function check({ command, image, egress, workspace, home, files = [] }) {
  if (command.length === 0) throw bad('the command is empty');
  if (image !== undefined) throw bad('there are no images here');
  if (egress !== undefined) throw bad('there is no way out of these bottles');
  for (const { source } of [workspace, home]) {
    if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) throw bad(`not a folder: ${source}`);
  }
  for (const { source, target } of files) {
    const place = /^\/(run\/bot-bottle|etc\/ssl|etc\/pki)\/./.test(target) && normalize(target) === target;
    if (!place) throw bad(`no place for a file: ${target}`);
    if (!statSync(source, { throwIfNoEntry: false })?.isFile()) throw bad(`not a file: ${source}`);
  }
}

function sandbox({ identity, command, env, workspace, home, files = [], toolPaths = [] }) {
  const variables = { HOME: home.target, PATH: '/usr/bin:/bin', TERM: 'xterm-256color', ...env };
  return [
    ...['bwrap', '--unshare-all', '--die-with-parent', '--hostname', identity, '--clearenv', '--json-status-fd', '3'],
    ...['--ro-bind', '/usr', '/usr', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run'],
    ...['bin', 'lib', 'lib64', 'sbin'].flatMap(name => ['--symlink', `usr/${name}`, `/${name}`]),
    ...toolPaths.flatMap(path => ['--ro-bind', path, path]),
    // There is no /etc/ssl and no /etc/pki in these bottles, so no file of theirs to cover.
    ...files.flatMap(({ source, target }) => (target.startsWith('/run/') ? ['--ro-bind', source, target] : [])),
    ...[home, workspace].flatMap(({ source, target }) => ['--bind', source, target]),
    ...Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', workspace.target, '--', ...command],
  ];
}

async function open(spec, host) {
  for (const name of ['init', 'exit']) rmSync(file(spec, name), { force: true });
  return host.openTerminal({
    file: '/bin/sh', // a terminal's program has no further descriptors: the shell opens the one for the status
    args: ['-c', 'exec "$@" 3>"$0"', file(spec, 'init'), ...sandbox(spec)],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
}

function send(whom, ref, signal) {
  try {
    const pid = whom(ref);
    if (pid > 0) process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'ENOENT') throw error; // it ended by itself
  }
}

async function until(condition, milliseconds = Number.POSITIVE_INFINITY) {
  const end = performance.now() + milliseconds;
  while (!condition() && performance.now() < end) await delay(10);
  return condition();
}

export function createBackend() {
  const status = async ref => {
    if (!existsSync(file(ref, 'prepared'))) return { state: 'absent' };
    if (runs(ref)) return { state: 'running' };
    if (!existsSync(file(ref, 'init'))) return { state: 'prepared' };
    return { state: 'exited', exit: firstLine(readFileOrAbsent(file(ref, 'exit'))) };
  };

  const stop = async (ref, { graceMs }) => {
    if (!runs(ref)) return;
    if (graceMs > 0) send(agentOf, ref, 'SIGTERM');
    if (await until(() => !runs(ref), graceMs)) return;
    send(initOf, ref, 'SIGKILL'); // with it goes all that runs in its PID namespace
    if (!(await until(() => !runs(ref), 5000))) throw new BackendError('stop-failed', `${ref.identity} still runs`);
  };

  return {
    name: 'tiny',
    contract: { major: 1, minor: 0 },
    capabilities: {
      isolation: 'namespaces',
      network: 'none',
      attach: false,
      resize: true,
      images: false,
      workspaces: ['empty', 'mount', 'copy'],
      environment: ['HOME', 'PATH', 'TERM', 'PWD'],
    },

    async probe() {
      if (!existsSync('/usr/bin/bwrap')) {
        return { available: false, reason: 'there is no bubblewrap', remedy: 'apt-get install bubblewrap' };
      }
      const names = ['memoryBytes', 'cpus', 'processes', 'openFiles', 'tmpBytes'];
      const limits = Object.fromEntries(names.map(name => [name, 'none']));
      return { available: true, version: '1', limits, notes: ['an example: no limits, no system call filter'] };
    },

    async prepare(spec) {
      check(spec);
      mkdirSync(spec.stateFolder, { recursive: true, mode: 0o700 });
      writeFileSync(file(spec, 'prepared'), '');
      return { spec };
    },

    async launch({ spec }, host) {
      if (!existsSync(file(spec, 'prepared'))) throw new BackendError('not-prepared', `${spec.identity} was not prepared`);
      const claim = await acquireClaim(file(spec, 'running')).catch(cause => {
        const code = cause.code === 'claim-held' ? 'already-running' : 'launch-failed';
        throw new BackendError(code, cause.message, { cause });
      });
      const terminal = await open(spec, host).catch(async cause => {
        await claim.release();
        throw new BackendError('launch-failed', cause.message, { cause });
      });
      const exited = new Promise(resolve => terminal.onExit(resolve)).then(async exit => {
        // It never rejects: what a full disk does not take is not known later, and the end is told all the same.
        await writeFile(file(spec, 'exit'), `${JSON.stringify(exit)}\n`).catch(() => {});
        await claim.release().catch(() => {});
        return exit;
      });
      await until(() => initOf(spec) !== undefined || !runs(spec));
      if (initOf(spec) === undefined) throw new BackendError('launch-failed', 'bubblewrap made no sandbox');
      return { pid: terminal.pid, terminal, exited };
    },

    async attach(ref) {
      if (!runs(ref)) throw new BackendError('not-running', `${ref.identity} does not run`);
      throw new BackendError('unsupported', `${ref.identity} ends with who launched it`);
    },

    status,
    stop,

    async destroy(ref) {
      if (!existsSync(ref.stateFolder)) return { removed: false, left: [] };
      await stop(ref, { graceMs: 0 });
      const { left } = await removeTree(ref.stateFolder);
      return { removed: true, left };
    },
  };
}
