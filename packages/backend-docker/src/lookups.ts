import type { Engine } from './engine.js';
import { LABELS } from './names.js';

/** A container, as `GET /containers/{name}/json` has it. */
export interface SeenContainer {
  readonly id: string;
  readonly status: string;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly stateFolder: string | undefined;
  readonly network: string;
}

/** One of a list (`GET /containers/json`), also as Podman's own client lists it. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  /** Seconds since 1970. */
  readonly Created: number;
  readonly Labels: Readonly<Record<string, string>>;
}

/** How a container stands. Null, as of all look-ups here: the client has to be asked; the API could not be, or did not answer with what was sought. */
export async function seeContainer(engine: Engine, name: string): Promise<SeenContainer | null> {
  const seen = (await engine.get(`/containers/${name}/json`)) as {
    readonly Id: string;
    readonly State: { readonly Status: string; readonly ExitCode: number; readonly OOMKilled: boolean };
    readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
    readonly HostConfig: { readonly NetworkMode: string };
  } | null;
  return (
    seen && {
      id: seen.Id,
      status: seen.State.Status,
      exitCode: seen.State.ExitCode,
      outOfMemory: seen.State.OOMKilled,
      stateFolder: seen.Config.Labels?.[LABELS.state],
      network: seen.HostConfig.NetworkMode,
    }
  );
}

/** Those that bear all of these labels, whether they run or not. */
export async function seeContainers(
  engine: Engine,
  labels: readonly string[],
): Promise<readonly ListedContainer[] | null> {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  return (await engine.get(`/containers/json?all=1&filters=${filters}`)) as readonly ListedContainer[] | null;
}

/** The id of an image that is there. */
export async function seeImage(engine: Engine, image: string): Promise<string | null> {
  const name = encodeURIComponent(image).replaceAll('%2F', '/');
  const seen = (await engine.get(`/images/${name}/json`)) as { readonly Id: string } | null;
  return seen?.Id ?? null;
}
