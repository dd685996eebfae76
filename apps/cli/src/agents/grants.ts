import { type AllowlistEntry, parseAllowlist, parseRoutes, type Route } from '@bot-bottle/live-config';
import type { AgentCredential, AgentDefinition } from './definition.js';
import { moveService } from './moved-service.js';
import { placeholderOf } from './placeholder.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What an agent's definition and the operator's environment give a bottle. */
export interface Grants {
  readonly allow: readonly AllowlistEntry[];
  /** Each names a variable, whose value stays outside. */
  readonly routes: readonly Route[];
  /** Variables of the bottle: placeholders of keys, and the URLs of services that are elsewhere. */
  readonly env: Readonly<Record<string, string>>;
  /** The keys that are used, by the names of their variables, and where. */
  readonly keys: readonly { readonly env: string; readonly host: string }[];
}

/**
 * @param routed of a bottle that has routes already, the variables whose keys they use: no other key is; absent: a new bottle
 * @throws LiveConfigError `bad-allowlist`, `bad-routes`; SessionError `bad-variable`
 */
export function grantsOf(agent: AgentDefinition, env: Environment, routed?: ReadonlySet<string>): Grants {
  const source = `agents: ${agent.name}`;
  const moved = new Map<string, { readonly host: string; readonly line: string }>();
  const variables: Record<string, string> = {};
  for (const { host, baseUrlEnv } of agent.credentials ?? []) {
    const url = baseUrlEnv === undefined ? undefined : env[baseUrlEnv];
    if (baseUrlEnv === undefined || !url) continue;
    const service = moveService(baseUrlEnv, url);
    moved.set(host, service);
    variables[baseUrlEnv] = service.url;
  }
  const placeOf = (host: string): string => moved.get(host)?.host ?? host;
  const possible = (agent.credentials ?? []).filter(({ env: name }) => routed?.has(name) ?? true);
  const used = usedCredentials(possible, placeOf, env);
  for (const { env: name, placeholders = [name] } of used) {
    for (const variable of placeholders) variables[variable] = placeholderOf(variable);
  }
  const lines = (agent.allow ?? []).filter(line => !moved.has(line));
  for (const { line } of moved.values()) lines.push(line);
  const routes = used.map(({ env, host, header }) => ({
    host: placeOf(host),
    credential: { env, ...(header === undefined ? {} : { header }) },
  }));
  return {
    allow: parseAllowlist(lines.join('\n'), { source: `${source}: allow` }),
    // JSON is YAML, and its reader knows what a host is.
    routes: parseRoutes(JSON.stringify({ routes }), { source: `${source}: credentials` }),
    env: variables,
    keys: used.map(({ env: name, host }) => ({ env: name, host: placeOf(host) })),
  };
}

/** Those whose variable is set, one for each host. */
function usedCredentials(
  credentials: readonly AgentCredential[],
  placeOf: (host: string) => string,
  env: Environment,
): readonly AgentCredential[] {
  const used = new Map<string, AgentCredential>();
  for (const credential of credentials) {
    const place = placeOf(credential.host);
    if (env[credential.env] && !used.has(place)) used.set(place, credential);
  }
  return [...used.values()];
}
