export {
  type AllowlistEntry,
  type AllowlistFlag,
  formatAllowlist,
  matchAllowlist,
  parseAllowlist,
} from './allowlist.js';
export type { Credential } from './credential.js';
export { LiveConfigError, type LiveConfigErrorCode, type Problem } from './errors.js';
export { normaliseHost } from './host.js';
export { matchRoutes, type RouteDecision, type RoutedRequest } from './match-routes.js';
export { type LiveConfigPaths, liveConfigPaths } from './paths.js';
export { formatPattern, type HostPattern, isWide, parsePattern } from './pattern.js';
export { type LiveConfig, readLiveConfig } from './read.js';
export { formatRoutes, parseRoutes, type Route } from './routes.js';
export { type WatchOptions, watchLiveConfig } from './watch.js';
export { type LiveConfigChange, type WriteOptions, writeLiveConfig } from './write.js';
