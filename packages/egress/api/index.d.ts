import { AllowlistEntry } from '@bot-bottle/live-config';
import { Duplex } from 'node:stream';
import { LiveConfigPaths } from '@bot-bottle/live-config';
import { LookupAddress } from 'node:dns';
import { Route } from '@bot-bottle/live-config';
export type AllowRule = 'allowlist' | 'route';
interface Allowed {
    readonly allowed: true;
    readonly rule: AllowRule;
    readonly entry: string;
    readonly private: boolean;
    readonly sni: boolean;
    readonly anyProtocol: boolean;
    readonly inspected: boolean;
    readonly route?: Route;
}
export interface Applied {
    readonly version: 1;
    readonly pid: number;
    readonly generation: number;
    readonly revision: string;
    readonly at: string;
    readonly refused: {
        readonly message: string;
    } | null;
}
export declare class AuditLog {
    constructor(path: string, options?: AuditLogOptions);
    get failure(): EgressError | null;
    append(record: AuditRecord): void;
    close(): Promise<void>;
}
export interface AuditLogOptions {
    readonly maxBytes?: number | undefined;
    readonly retryMs?: number | undefined;
    readonly lookMs?: number | undefined;
}
export interface AuditRecord {
    readonly time: string;
    readonly bottle: string;
    readonly event: 'denied' | 'opened' | 'closed';
    readonly id: string;
    readonly method: string | null;
    readonly host: string;
    readonly port: number;
    readonly path?: string;
    readonly rule: Rule;
    readonly entry?: string;
    readonly generation: number;
    readonly address?: string;
    readonly status?: number;
    readonly sent?: number;
    readonly received?: number;
    readonly duration?: number;
    readonly cut?: 'policy' | 'origin' | 'bottle' | 'proxy';
    readonly problem?: string;
    readonly missed?: number;
}
export interface BadLine {
    readonly line: number;
    readonly why: string;
}
interface Decision {
    readonly allowed: boolean;
    readonly rule: Rule;
    readonly entry?: string;
}
interface Denied {
    readonly allowed: false;
    readonly rule: DenyRule;
    readonly entry?: string;
}
export type DenyRule = 'host-not-allowed' | 'port-not-allowed' | 'not-routed' | 'private-address' | 'host-mismatch' | 'server-name-mismatch' | 'server-name-missing' | 'server-name-encrypted' | 'unknown-protocol' | 'credential-in-clear' | 'malformed';
export interface Egress {
    serve(connection: Duplex): void;
    readonly trust: TrustFiles;
    applied(): Applied;
    close(): Promise<void>;
}
export declare class EgressError extends Error {
    readonly name = "EgressError";
    readonly code: EgressErrorCode;
    constructor(code: EgressErrorCode, message: string, options?: ErrorOptions);
}
export type EgressErrorCode = 'bad-folder' | 'audit-failed' | 'bad-audit' | 'credential-unavailable' | 'origin-unreachable';
export interface EgressOptions {
    readonly bottle: string;
    readonly liveConfig: LiveConfigPaths;
    readonly folder: string;
    readonly auditFile: string;
    readonly env?: Readonly<Record<string, string | undefined>> | undefined;
    readonly lookup?: Lookup | undefined;
    readonly roots?: readonly string[] | undefined;
    readonly limits?: Partial<Limits> | undefined;
}
export interface FollowOptions extends ReadOptions {
    readonly signal: AbortSignal;
}
export declare const HOST_NAME = "host.bot-bottle.internal";
interface JudgedRequest extends Target {
    readonly method: string;
    readonly path: string;
}
export interface Limits {
    readonly connections: number;
    readonly headerBytes: number;
    readonly headerMs: number;
    readonly idleMs: number;
    readonly connectMs: number;
}
export type Lookup = (name: string, options: {
    all: true;
    verbatim: true;
}) => Promise<LookupAddress[]>;
export interface Policy {
    readonly generation: number;
    readonly revision: string;
    readonly allowlist: readonly AllowlistEntry[];
    readonly routes: readonly Route[];
}
export interface ReadOptions {
    readonly onBadLine?: ((bad: BadLine) => void) | undefined;
}
export interface Replayed {
    readonly method: string | null;
    readonly host: string;
    readonly port: number;
    readonly path?: string;
    readonly times: number;
    readonly was: Decision;
    readonly now: Decision;
}
export type Rule = AllowRule | DenyRule;
export interface Suggestion {
    readonly line: string;
    readonly denials: number;
    readonly judge: string | null;
}
interface Target {
    readonly host: string;
    readonly port: number;
}
export interface TrustFiles {
    readonly certificate: string;
    readonly bundle: string;
    readonly javaStore: string;
}
export type Verdict = Allowed | Denied;
export interface WaitOptions {
    readonly signal: AbortSignal;
    readonly pid: number;
}
export declare function egressEnvironment(port: number, inside: TrustFiles): Record<string, string>;
export declare function followAuditLog(file: string, { signal, ...options }: FollowOptions): AsyncGenerator<AuditRecord, void, undefined>;
export declare function judgeRequest(policy: Policy, request: JudgedRequest): Verdict;
export declare function judgeTarget(policy: Policy, { host, port }: Target): Verdict;
export declare function openEgress(options: EgressOptions): Promise<Egress>;
export declare function readApplied(folder: string): Applied | null;
export declare function readAuditLog(file: string, options?: ReadOptions): Generator<AuditRecord, void, undefined>;
export declare function replay(records: Iterable<AuditRecord>, policy: Policy): Replayed[];
export declare function suggestAllowlist(records: Iterable<AuditRecord>, present?: readonly AllowlistEntry[]): Suggestion[];
export declare function waitUntilApplied(folder: string, generation: number, options: WaitOptions): Promise<Applied>;
export {};
