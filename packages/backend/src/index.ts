export type {
  Backend,
  BottleStatus,
  Capabilities,
  Enforcement,
  PreparedBottle,
  Probe,
  RunningBottle,
  StopOptions,
} from './backend.js';
export { checkBuild } from './check-build.js';
export { checkFile, FILE_FOLDERS } from './check-file.js';
export { checkSpec } from './check-spec.js';
export type { ContractVersion } from './contract.js';
export { CONTRACT_VERSION, checkContract } from './contract.js';
export type { DestroyReport } from './destroy-report.js';
export { EGRESS_PROOF, EGRESS_PROOF_HOST, EGRESS_PROOF_STEPS } from './egress-proof.js';
export type { BackendErrorCode } from './errors.js';
export { BackendError } from './errors.js';
export { type HeldTerminal, holdTerminal } from './held.js';
export type { BuildHost, BuiltImage, ImageBuild, ImageBuilder, ImageSighting } from './image-builder.js';
export { type Forbidden, type ResolvedMounts, realOf, resolveMounts } from './mounts.js';
export type {
  BottleRef,
  BottleSpec,
  FileMount,
  FolderMount,
  LimitName,
  Limits,
  Workspace,
  WorkspaceKind,
} from './spec.js';
export type { Recollection, Sighting } from './survey.js';
export type { ExitStatus, LaunchHost, Terminal, TerminalCommand, TerminalSize } from './terminal.js';
