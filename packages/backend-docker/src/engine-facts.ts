import type { Engine } from './engine.js';

export interface EngineFacts {
  readonly version: string;
  readonly rootless: boolean;
  /** What it can hold a container to. */
  readonly limits: { readonly memory: boolean; readonly cpus: boolean; readonly processes: boolean };
}

interface DockerInfo {
  readonly ServerVersion: string;
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly SecurityOptions?: readonly string[];
}

/** What Podman's own client says (podman-docker). */
interface PodmanInfo {
  readonly version: { readonly Version: string };
  readonly host: {
    readonly cgroupControllers: readonly string[];
    readonly security: { readonly rootless: boolean };
  };
}

/** Asks the engine what it is and what it can. */
export async function engineFacts(engine: Engine): Promise<EngineFacts> {
  const asked = (await engine.get('/info')) as DockerInfo | null;
  const info =
    asked ?? (JSON.parse(await engine.ask('info', '--format', '{{json .}}')) as DockerInfo | PodmanInfo);
  if ('host' in info) {
    const { cgroupControllers, security } = info.host;
    const has = (controller: string) => cgroupControllers.includes(controller);
    const limits = { memory: has('memory'), cpus: has('cpu'), processes: has('pids') };
    return { version: info.version.Version, rootless: security.rootless, limits };
  }
  const { ServerVersion, MemoryLimit = false, CpuCfsQuota = false, PidsLimit = false } = info;
  return {
    version: ServerVersion,
    rootless: (info.SecurityOptions ?? []).some(option => option.includes('rootless')),
    limits: { memory: MemoryLimit, cpus: CpuCfsQuota, processes: PidsLimit },
  };
}
