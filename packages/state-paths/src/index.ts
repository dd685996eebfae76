export { type AuditWriter, auditLog, listAuditLogs } from './audit.js';
export { type BottlePaths, bottlePaths, type SidecarName } from './bottle.js';
export { StatePathsError, type StatePathsErrorCode } from './errors.js';
export { checkBottleFolder, isReservationOnly } from './folder.js';
export { eachBottle, eachIdentity, listForeign, listIdentities } from './list.js';
export { reserveIdentity } from './reserve.js';
export { type RootPaths, rootPaths, type StateRootOptions, stateRoot } from './root.js';
