import type { Limits, Probe } from '@bot-bottle/backend';
import { NOT_ENFORCED } from '../backends/choose.js';
import { loadBackend } from '../backends/load.js';
import { createRegistry, type Registry } from '../backends/registry.js';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { checkEnforcement, NETWORK } from './enforcement.js';
import { type Finding, fail, failure, ok, warn } from './finding.js';

/** Each backend proves itself: its probe runs a real sandbox and looks out of it. One that works is enough. */
export async function checkBackends(context: Context, settings: Settings): Promise<readonly Finding[]> {
  const registry = createRegistry(context, settings);
  const findings: Finding[] = [];
  for (const name of registry.names) findings.push(...(await checkBackend(registry, name, settings.limits)));
  const works = findings.some(({ level, check }) => level === 'ok' && !isOfNetwork(check));
  return works
    ? findings.map(finding =>
        finding.level === 'fail' && !isOfNetwork(finding.check) ? { ...finding, level: 'warn' } : finding,
      )
    : findings;
}

/** A bottle that gets out is never made good by another backend. */
function isOfNetwork(check: string): boolean {
  return check.endsWith(NETWORK);
}

async function checkBackend(registry: Registry, name: string, limits: Limits): Promise<readonly Finding[]> {
  const check = `backend ${name}`;
  try {
    const backend = await loadBackend(registry.require(name));
    if (backend.capabilities.network === 'open') return [fail(check, NOT_ENFORCED.reason)];
    const probe = await backend.probe();
    if (!probe.available) return [fail(check, probe.reason, probe.remedy)];
    return [
      ok(check, `${probe.version}; proven by a sandbox that ran`),
      ok(`${check}, limits`, formatLimits(probe, limits)),
      await checkEnforcement(backend),
      ...probe.notes.map(note => warn(check, note)),
    ];
  } catch (error) {
    return [failure(check, error)];
  }
}

function formatLimits(probe: Extract<Probe, { available: true }>, limits: Limits): string {
  return Object.entries(probe.limits)
    .map(([name, enforcement]) => {
      const value = limits[name as keyof Limits];
      const what = value === undefined ? name : `${name} ${value}`;
      return enforcement === 'none' ? `${what} not enforced here` : `${what} per ${enforcement}`;
    })
    .join(', ');
}
