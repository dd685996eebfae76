export type { Applied } from './applied.js';
export type { AuditRecord } from './audit/record.js';
export { EgressError, type EgressErrorCode } from './errors.js';
export type { AllowRule, DenyRule, Rule } from './rule.js';
