import { spawnSync } from 'node:child_process';
import type { Context } from '../context.js';
import { type Finding, ok, warn } from './finding.js';

export function checkNode(): Finding {
  // An older one has been refused before anything was loaded.
  return ok('node', `version ${process.versions.node}`);
}

export function checkGit(context: Pick<Context, 'env'>): Finding {
  const git = spawnSync('git', ['--version'], { env: context.env as NodeJS.ProcessEnv, encoding: 'utf8' });
  if (git.status === 0) return ok('git', git.stdout.trim());
  return warn('git', 'not found; `diff` shows names only', 'apt-get install git');
}
