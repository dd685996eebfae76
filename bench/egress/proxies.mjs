// Ours and its peers, each a process of its own on a port of 127.0.0.1, with an access log and one rule that lets the origin through.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ORIGIN } from './client.mjs';

/** What the peers are called in Debian, and the programs in these packages. */
const PACKAGES = { squid: 'squid', tinyproxy: 'tinyproxy', mitmproxy: 'mitmdump' };

/**
 * Which peers are here. What is missing is installed with apt-get where that was asked for, as root (Debian starts squid and tinyproxy as
 * services then); else said, and left out.
 */
export function presentPeers(install) {
  const missing = () => Object.keys(PACKAGES).filter(name => !onPath(PACKAGES[name]));
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing()];
  if (install && missing().length > 0) execFileSync(command[0], command.slice(1), { stdio: 'inherit' });
  if (missing().length > 0) {
    console.error(
      `without ${missing().join(' and ')}, which ${missing().length > 1 ? 'are' : 'is'} not here; as root: ${command.join(' ')}`,
    );
  }
  return Object.keys(PACKAGES).filter(name => !missing().includes(name));
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.map(folder => join(folder, program)).find(existsSync);
}

/** Starts a program on one processor, where the machine has more than one. */
export function start(cpu, file, args, { ipc = false, ...options } = {}) {
  const pinned =
    CPUS.length > 1 ? ['taskset', '-c', String(CPUS[cpu % CPUS.length]), file, ...args] : [file, ...args];
  const child = spawn(pinned[0], pinned.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit', ...(ipc ? ['ipc'] : [])],
    ...options,
  });
  // Ours end when their channel does; squid removes its shared memory on SIGTERM.
  if (!ipc) process.on('exit', () => child.kill());
  return child;
}

/** Ends one. */
export async function stop({ child }) {
  const over = once(child, 'exit');
  if (child.connected) child.disconnect();
  else child.kill();
  await over;
}

/** The processors that this process may use, as sched_setaffinity(2) counts them. */
const CPUS = (() => {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  return list.split(',').flatMap(range => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
})();

export async function startSquid(folder, origins) {
  const port = await freePort();
  const user = 'proxy'; // Debian's; squid does not run as root
  mkdirSync(folder);
  chownSync(folder, Number(execFileSync('id', ['-u', user])), Number(execFileSync('id', ['-g', user])));
  const file = join(folder, 'squid.conf');
  writeFileSync(
    file,
    `http_port 127.0.0.1:${port}
acl origin dstdomain ${ORIGIN}
acl ports port ${origins.join(' ')}
http_access allow origin ports
http_access deny all
cache deny all
memory_cache_shared off
access_log stdio:${folder}/access.log
cache_log ${folder}/cache.log
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
max_filedescriptors 8192
pinger_enable off
shutdown_lifetime 0 seconds
`,
  );
  // A service name of its own: its shared memory must not be another squid's.
  const child = start(0, onPath('squid'), ['-n', `bench${process.pid}`, '-N', '-f', file]);
  return await ready({ name: 'squid', port, child });
}

export async function startTinyproxy(folder, origins) {
  const port = await freePort();
  mkdirSync(folder);
  const file = join(folder, 'tinyproxy.conf');
  writeFileSync(
    file,
    `Port ${port}
Listen 127.0.0.1
Timeout 600
MaxClients 2000
Allow 127.0.0.1
LogFile "${folder}/tinyproxy.log"
LogLevel Connect
${origins.map(origin => `ConnectPort ${origin}`).join('\n')}
`,
  );
  const child = start(0, onPath('tinyproxy'), ['-d', '-c', file]);
  return await ready({ name: 'tinyproxy', port, child });
}

/** Bodies are streamed from 1 MiB on, as one would set it; `whole`: as it is installed, it holds each whole in memory. */
export async function startMitmproxy(folder, certFile, { whole = false } = {}) {
  const port = await freePort();
  mkdirSync(folder);
  const settings = {
    confdir: folder,
    ssl_verify_upstream_trusted_ca: certFile,
    ...(!whole && { stream_large_bodies: '1m' }),
    flow_detail: '0',
  };
  const child = start(0, onPath('mitmdump'), [
    ...['--quiet', '--listen-host', '127.0.0.1', '--listen-port', String(port)],
    ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
  ]);
  const proxy = await ready({ name: whole ? 'mitmproxy as installed' : 'mitmproxy', port, child });
  return { ...proxy, ca: readFileSync(join(folder, 'mitmproxy-ca-cert.pem'), 'utf8') };
}

export async function startOurs(root, certFile) {
  const file = fileURLToPath(new URL('./ours.mjs', import.meta.url));
  // As the CLI starts a keeper.
  const options = ['--max-semi-space-size=4'];
  const child = start(0, process.execPath, [...options, file, root, certFile], { ipc: true });
  const { port, certificate } = await answerOf(child);
  return { name: 'ours', port, child, ca: readFileSync(certificate, 'utf8') };
}

/** The next message of a process; rejects where it ends first. */
export function answerOf(child) {
  return new Promise((resolve, reject) => {
    const onExit = code => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', message => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

async function ready(proxy) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (proxy.child.exitCode !== null) break;
    if (await canConnect(proxy.port)) return proxy;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`${proxy.name} does not listen`);
}

function canConnect(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Seconds of processor time that a process has used, its threads that are over among them; the kernel counts in 10 ms (proc(5)). */
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) / 100;
}

/** MiB resident, now and at most (proc(5)). */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = key => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
