export { DEFAULT_LIMITS } from './limits.js';
export type { LocalOptions } from './local.js';
export { localBackend } from './local.js';
