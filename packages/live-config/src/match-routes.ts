import { normaliseHost } from './host.js';
import { pathFits } from './path-pattern.js';
import { covers } from './pattern.js';
import type { Route } from './routes.js';

/** A request, as the proxy understood it. */
export interface RoutedRequest {
  /** In any notation. */
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
}

/** `unrouted`: no route names the host, the allowlist alone decides. `denied`: some do, and the request fits none of them. */
export type RouteDecision =
  | { readonly kind: 'unrouted' }
  | { readonly kind: 'fits'; readonly route: Route }
  | { readonly kind: 'denied'; readonly routes: readonly Route[] };

/** What the routes say about a request; the first that fits decides. @throws LiveConfigError `bad-host` */
export function matchRoutes(routes: readonly Route[], request: RoutedRequest): RouteDecision {
  const host = normaliseHost(request.host);
  const named = routes.filter(route => covers(route, host, request.port));
  if (named.length === 0) return { kind: 'unrouted' };
  const route = named.find(
    ({ methods, paths }) =>
      (methods?.includes(request.method) ?? true) &&
      (paths?.some(path => pathFits(path, request.path)) ?? true),
  );
  return route ? { kind: 'fits', route } : { kind: 'denied', routes: named };
}
