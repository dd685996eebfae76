import type { Run } from './spec.js';
import type { CommandName } from './table.js';

/** The code of each command, loaded on first use, so that no command pays for another's. */
export const LOADERS: Readonly<Record<CommandName, () => Promise<{ readonly run: Run }>>> = {
  start: () => import('./start.js'),
  resume: () => import('./resume.js'),
  rebuild: () => import('./rebuild.js'),
  image: () => import('./image.js'),
  attach: () => import('./attach.js'),
  stop: () => import('./stop.js'),
  list: () => import('./list.js'),
  show: () => import('./show.js'),
  logs: () => import('./logs.js'),
  diff: () => import('./diff.js'),
  allow: () => import('./allow.js'),
  deny: () => import('./deny.js'),
  policy: () => import('./policy.js'),
  egress: () => import('./egress.js'),
  preserve: () => import('./preserve.js'),
  rm: () => import('./rm.js'),
  migrate: () => import('./migrate.js'),
  adopt: () => import('./adopt.js'),
  prune: () => import('./prune.js'),
  agents: () => import('./agents.js'),
  doctor: () => import('./doctor.js'),
  completion: () => import('./completion.js'),
};
