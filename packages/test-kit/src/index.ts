export { durabilityFaults, ORDER_CALLS } from './durable-order.js';
export {
  canHaveEngine,
  describeWithEngine,
  describeWithOwnEngine,
  OwnEngine,
  startEngine,
  type TestEngine,
} from './engine.js';
export { makeTestImage, TEST_IMAGE, TEST_IMAGE_AUTHORITIES } from './engine-image.js';
export {
  type Delay,
  delaySyscall,
  failEachSyscall,
  type Hit,
  type Injection,
  killAtEachSyscall,
} from './inject.js';
export { canMount, describeWithMounts, type PrivateMount, tinyTmpfs, withMounts } from './namespaces.js';
export { installPacked, packedTarball, runReadmeExample } from './packed.js';
export { type Outcome, program, type RunOptions, run, runAsync, runParallel } from './programs.js';
export { describeWith } from './require-tool.js';
export { parseTrace, type Trace, type TracedCall, type TraceOptions, trace, traceAsync } from './strace.js';
export { temporaryFolder } from './temporary-folder.js';
