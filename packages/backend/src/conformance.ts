export { MemoryStore, memoryBackend } from './conformance/memory.js';
export { memoryPrograms } from './conformance/memory-programs.js';
export { type Programs, shellPrograms } from './conformance/programs.js';
export type { ConformanceOptions, TestRunner } from './conformance/runner.js';
export { describeBackend } from './conformance/suite.js';
