export { createBackend, type DockerOptions, dockerBackend } from './docker.js';
export { DEFAULT_LIMITS } from './limits.js';
