export type { Applied } from './applied.js';
export { type FollowOptions, followAuditLog } from './audit/follow.js';
export { AuditLog, type AuditLogOptions } from './audit/log.js';
export { type BadLine, type ReadOptions, readAuditLog } from './audit/read.js';
export type { AuditRecord } from './audit/record.js';
export { EgressError, type EgressErrorCode } from './errors.js';
export type { AllowRule, DenyRule, Rule } from './rule.js';
export { egressEnvironment } from './tls/environment.js';
export type { TrustFiles } from './tls/trust-files.js';
