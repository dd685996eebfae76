// What the project needs beside a machine's own Node and npm, installed once: Node 24 and pnpm (through npm, into
// `.tools/`), the dependencies, and on Debian as root the system packages. A second call only compares fingerprints.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installComposePlugin } from './compose-plugin.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolsFolder = join(root, '.tools');
const NODE_MAJOR = 24;
const PNPM_MAJOR = 12;

/** Programs (or files) by the Debian package that brings them; the second list is what only the tests need. */
const programs = { bwrap: 'bubblewrap', prlimit: 'util-linux' };
const testPrograms = {
  git: 'git',
  curl: 'curl',
  dockerd: 'docker.io',
  'docker-compose': 'docker-compose',
  podman: 'podman',
  catatonit: 'catatonit',
  openssl: 'openssl',
  tmux: 'tmux',
  strace: 'strace',
  faketime: 'faketime',
  zsh: 'zsh',
  fish: 'fish',
  mandoc: 'mandoc',
  groff: 'groff-base',
  python3: 'python3',
  pip3: 'python3-pip',
  '/usr/lib/python3/dist-packages/requests': 'python3-requests',
  keytool: 'default-jre-headless',
  mlr: 'miller',
  '/usr/include/asm-generic/unistd.h': 'linux-libc-dev',
  'mkfs.btrfs': 'btrfs-progs',
  busybox: 'busybox-static',
  'mkfs.ext4': 'e2fsprogs',
  'qemu-system-x86_64': 'qemu-system-x86',
  chromium: 'chromium',
};

export function say(message) {
  process.stderr.write(`[bot-bottle] ${message}\n`);
}

/** Makes everything ready; returns the node and pnpm to use and the environments for them. Exits with one line on failure. */
export function setUp({ tests }) {
  installPrograms(tests ? { ...programs, ...testPrograms } : programs, tests);
  if (tests) unpackTestKernel();
  const tools = toolchain();
  installDependencies(tools);
  if (tests) installNodes();
  if (tests) installAgents();
  if (tests) installCompose();
  return tools;
}

function toolchain() {
  const ownMajor = Number(process.versions.node.split('.')[0]);
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const ownNode = ownMajor >= NODE_MAJOR;
  const node = ownNode ? process.execPath : join(toolsFolder, 'node_modules', nodePackage, 'bin/node');
  const pnpm = join(toolsFolder, 'node_modules/.bin/pnpm');
  const wanted = [];
  if (!ownNode && !existsSync(node)) wanted.push(`${nodePackage}@${NODE_MAJOR}`);
  if (!existsSync(pnpm)) wanted.push(`pnpm@${PNPM_MAJOR}`);
  if (wanted.length > 0) {
    say(`installing ${wanted.join(' and ')} into .tools (through npm, once)`);
    mkdirSync(toolsFolder, { recursive: true });
    if (!existsSync(join(toolsFolder, 'package.json'))) {
      writeFileSync(join(toolsFolder, 'package.json'), '{ "private": true }\n');
    }
    must(
      'npm',
      ['install', '--prefix', toolsFolder, '--no-audit', '--no-fund', '--loglevel=error', ...wanted],
      process.env,
    );
  }
  const path = [dirname(node), dirname(pnpm), process.env.PATH].join(delimiter);
  // npm's own variables (npm_config_*, a registry or prefix among them) stay: they are how an operator configures npm.
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1' };
  return { node, pnpm, env, operatorEnv: process.env };
}

function installDependencies({ pnpm, env }) {
  const wanted = fingerprint(
    [join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'), ...manifests()],
    file => readFileSync(file),
  );
  if (readStamp('dependencies') === wanted && existsSync(join(root, 'node_modules'))) return;
  say('installing the dependencies');
  must(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only'], env);
  writeStamp('dependencies', wanted);
}

/** The versions of Node that packages are released for, and the one before, which must be told so. */
function installNodes() {
  const majors = JSON.parse(readFileSync(join(root, 'scripts/nodes.json'), 'utf8'));
  const prefix = join(toolsFolder, 'nodes');
  if (majors.every(major => existsSync(join(prefix, `node_modules/node-${major}/bin/node`)))) return;
  say(`installing Node ${majors.join(', ')} into .tools/nodes (through npm, about 700 MB, once)`);
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
  const aliases = majors.map(major => `node-${major}@npm:node-${process.platform}-${process.arch}@${major}`);
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  must('npm', ['install', '--prefix', prefix, ...flags, ...aliases], process.env);
}

/** The coding agents that the tests run in bottles, installed as an operator would; their versions are in agents.json alone. */
function installAgents() {
  const file = join(root, 'scripts/agents.json');
  const wanted = fingerprint([file], path => readFileSync(path));
  const prefix = join(toolsFolder, 'agents');
  if (readStamp('agents') === wanted && existsSync(prefix)) return;
  say('installing the coding agents that the tests run into .tools/agents (through npm, about 1 GB, once)');
  const agents = Object.entries(JSON.parse(readFileSync(file, 'utf8'))).map(
    ([name, version]) => `${name}@${version}`,
  );
  const flags = ['--global', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error'];
  mkdirSync(prefix, { recursive: true });
  const { status } = spawnSync('npm', ['install', ...flags, ...agents], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) return writeStamp('agents', wanted);
  say(
    'the coding agents could not be installed (the output is above); tests that need them are skipped, and say so',
  );
}

function installCompose() {
  const reason = installComposePlugin(say);
  if (reason !== null) say(`no Compose v2: ${reason}; tests that need it are skipped, and say so`);
}

function installPrograms(wanted, tests) {
  const missing = Object.entries(wanted).filter(([program]) => !onPath(program));
  if (missing.length === 0) return;
  const names = missing.map(([, debianPackage]) => debianPackage);
  if (isDebian() && process.getuid?.() === 0) {
    say(`installing ${names.join(', ')} (apt-get, as root)`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    must('apt-get', ['update', '-qq'], env);
    must('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...names], env);
    return;
  }
  const what = missing.map(([program]) => program).join(', ');
  const message = `missing: ${what}; install with: ${installCommand(names)}`;
  if (missing.some(([program]) => program in programs)) {
    say(message);
    process.exit(1);
  }
  if (tests) say(`${message} (tests that need them are skipped, and say so)`);
}

/** The power-cut test boots a real kernel in an emulator: Debian's own, unpacked but not installed. */
function unpackTestKernel() {
  const folder = join(toolsFolder, 'kernel');
  if (existsSync(folder) || process.arch !== 'x64' || !isDebian() || process.getuid?.() !== 0) return;
  say("unpacking Debian's kernel for the power-cut test into .tools/kernel");
  const script = `set -e; mkdir -p "$1.new"; cd "$1.new"; apt-get update -qq
    apt-get -o APT::Sandbox::User=root download -qq "$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')"
    dpkg-deb -x linux-image-*.deb . && rm linux-image-*.deb && mv "$1.new" "$1"`;
  must('sh', ['-c', script, 'sh', folder], process.env);
}

function isDebian() {
  return existsSync('/etc/debian_version') && onPath('apt-get');
}

function installCommand(names) {
  const list = names.join(' ');
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const family = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].map(match => match[1]).join(' ');
  if (/debian|ubuntu/.test(family)) return `sudo apt-get install ${list}`;
  if (/fedora|rhel/.test(family)) return `sudo dnf install ${list}`;
  if (/arch/.test(family)) return `sudo pacman -S ${list}`;
  if (/alpine/.test(family)) return `sudo apk add ${list}`;
  if (/suse/.test(family)) return `sudo zypper install ${list}`;
  return `your system's package manager (packages: ${list}); the sandbox needs Linux`;
}

function onPath(program) {
  if (isAbsolute(program)) return existsSync(program);
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some(folder => folder !== '' && existsSync(join(folder, program)));
}

function must(file, args, env) {
  const { status, error, signal } = spawnSync(file, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  say(
    `"${file} ${args.join(' ')}" failed (${error?.message ?? signal ?? `exit ${status}`}); its output is above`,
  );
  process.exit(1);
}

/** True when no source is newer than, or other than, what the last build was made from. */
export function isBuilt() {
  return readStamp('build') === sourceFingerprint() && existsSync(join(root, 'apps/cli/dist/bot-bottle.cjs'));
}

export function markBuilt() {
  writeStamp('build', sourceFingerprint());
}

function sourceFingerprint() {
  const sources = workspaceFolders().flatMap(folder => [
    join(folder, 'package.json'),
    join(folder, 'tsup.config.ts'),
    ...filesUnder(join(folder, 'src')),
  ]);
  return fingerprint([join(root, 'pnpm-lock.yaml'), join(root, 'tsconfig.base.json'), ...sources], file => {
    const { mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0 };
    return `${mtimeMs} ${size}`;
  });
}

function fingerprint(files, describe) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(describe(file)).update('\0');
  return hash.digest('hex');
}

function workspaceFolders() {
  return ['packages', 'apps']
    .flatMap(group => readdirSync(join(root, group)).map(name => join(root, group, name)))
    .concat(join(root, 'bench'), join(root, 'release'))
    .filter(folder => existsSync(join(folder, 'package.json')));
}

function manifests() {
  return [root, ...workspaceFolders()].map(folder => join(folder, 'package.json'));
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function readStamp(name) {
  const file = join(toolsFolder, `${name}.stamp`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function writeStamp(name, value) {
  mkdirSync(toolsFolder, { recursive: true });
  writeFileSync(join(toolsFolder, `${name}.stamp`), value);
}
