/** Packages as their users get them: packed, and unpacked into an empty project, without any network. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Outcome, run } from './programs.js';
import { temporaryFolder } from './temporary-folder.js';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}

/** Packs a built package and returns the tarball's path. */
export function packedTarball(packageFolder: string): string {
  const target = temporaryFolder();
  const { status, stderr, stdout } = run(['pnpm', 'pack', '--pack-destination', target], {
    cwd: packageFolder,
  });
  const tarball = readdirSync(target).find(name => name.endsWith('.tgz'));
  if (status !== 0 || tarball === undefined) throw new Error(`pnpm pack failed: ${stderr}${stdout}`);
  return join(target, tarball);
}

/** An empty project with the packages in its node_modules, and with what they depend on, and nothing else. */
export function installPacked(...packageFolders: readonly string[]): string {
  const project = temporaryFolder();
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  for (const folder of packageFolders) install(folder, join(project, 'node_modules'));
  return project;
}

function install(packageFolder: string, modules: string): void {
  const manifest: Manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const target = join(modules, manifest.name);
  if (existsSync(target)) return;
  mkdirSync(target, { recursive: true });
  const tar = ['tar', '-xzf', packedTarball(packageFolder), '--strip-components=1', '-C', target];
  const { status, stderr } = run(tar);
  if (status !== 0) throw new Error(stderr);
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const source = realpathSync(join(packageFolder, 'node_modules', name));
    if (name.startsWith('@bot-bottle/')) install(source, modules);
    else link(source, join(modules, name));
  }
}

function link(source: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(source, target);
}

/**
 * Runs the first example (a js or ts fence) of a package's README in an empty project, with the packed packages of the house that
 * its first `npm install` names.
 */
export function runReadmeExample(packageFolder: string, env: Record<string, string> = {}): Outcome {
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const [, language, code] = /^```(js|ts)\n(.*?)^```$/ms.exec(readme) ?? [];
  if (code === undefined) throw new Error(`${packageFolder}/README.md has no example`);
  const [, names = ''] = /^npm install (.*)$/m.exec(readme) ?? [];
  const folders = names
    .split(' ')
    .filter(name => name.startsWith('@bot-bottle/'))
    .map(name => join(packageFolder, '..', basename(name)));
  const project = installPacked(...new Set([packageFolder, ...folders]));
  const file = language === 'ts' ? 'example.mts' : 'example.mjs';
  writeFileSync(join(project, file), code);
  return run([process.execPath, '--disable-warning=ExperimentalWarning', file], {
    cwd: project,
    // What the example leaves goes with the test.
    env: { TMPDIR: temporaryFolder(), ...env },
  });
}
