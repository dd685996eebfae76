export { acquireClaim, type Claim, type ClaimOptions, readClaim } from './claim.js';
export type { ClaimOwner, ClaimState, JsonObject, JsonValue } from './claim-state.js';
export { type CopyOptions, copyTree } from './copy-tree.js';
export { DurableFsError, type DurableFsErrorCode } from './errors.js';
export { createFolder, ensureFolder, type FolderOptions, removeFile } from './folder.js';
export { measureTree } from './measure-tree.js';
export {
  type ProcessMark,
  type ProcessOptions,
  type ProcessState,
  processMark,
  processState,
} from './process-mark.js';
export { DEFAULT_MAX_BYTES, type ReadOptions, readBytesOrAbsent, readFileOrAbsent } from './read-file.js';
export { removeTree } from './remove-tree.js';
export { createFile, replaceFile, replaceFileSync, type WriteOptions } from './replace-file.js';
export { sweepTemporaries } from './temporary.js';
export type { LeftEntry, TreeReport } from './tree-report.js';
