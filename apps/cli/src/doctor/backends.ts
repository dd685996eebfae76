import type { Limits, Probe } from '@bot-bottle/backend';
import { loadBackend } from '../backends/load.js';
import { createRegistry, type Registry } from '../backends/registry.js';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { type Finding, fail, failure, ok, warn } from './finding.js';

/** Each backend proves itself: its probe runs a real sandbox and looks out of it. One that works is enough. */
export async function checkBackends(context: Context, settings: Settings): Promise<readonly Finding[]> {
  const registry = createRegistry(context, settings);
  const findings: Finding[] = [];
  for (const name of registry.names) findings.push(...(await checkBackend(registry, name, settings.limits)));
  const works = findings.some(finding => finding.level === 'ok');
  return works
    ? findings.map(finding => (finding.level === 'fail' ? { ...finding, level: 'warn' } : finding))
    : findings;
}

async function checkBackend(registry: Registry, name: string, limits: Limits): Promise<readonly Finding[]> {
  const check = `backend ${name}`;
  try {
    const probe = await (await loadBackend(registry.require(name))).probe();
    if (!probe.available) return [fail(check, probe.reason, probe.remedy)];
    return [
      ok(check, `${probe.version}; proven by a sandbox that ran`),
      ok(`${check}, limits`, formatLimits(probe, limits)),
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
