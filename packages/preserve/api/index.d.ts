import { BottlePaths } from '@bot-bottle/state-paths';
import { ClaimOwner } from '@bot-bottle/durable-fs';
import { JsonObject } from '@bot-bottle/durable-fs';
import { TreeReport } from '@bot-bottle/durable-fs';
export type EndDecision = {
    action: 'keep';
    reason: KeepReason;
} | {
    action: 'remove';
    reason: RemoveReason;
};
export interface EndFacts {
    lease: EndLease;
    preserved: boolean;
    record: 'readable' | 'absent' | 'unreadable';
    outcome?: SessionOutcome;
    force?: boolean;
}
export type EndLease = 'own' | 'none' | 'dead' | 'alive' | 'unknown';
export type Inspection = 'readable' | 'unreadable' | 'running';
export type KeepReason = 'lease-alive' | 'lease-unknown' | 'still-running' | 'preserved' | 'blocked' | 'resume-failed' | 'record-unreadable';
export interface Lease {
    readonly paths: BottlePaths;
    readonly released: boolean;
    release(): Promise<void>;
}
export type LeaseOwner = ClaimOwner;
export type LeaseState = {
    state: 'none';
} | {
    state: 'alive' | 'dead' | 'unknown';
    owner: LeaseOwner | null;
};
export declare const MAX_OVERRIDE_BYTES: number;
export declare class PreserveError extends Error {
    readonly code: PreserveErrorCode;
    readonly path: string;
    readonly name = "PreserveError";
    readonly owner: ClaimOwner | null;
    constructor(code: PreserveErrorCode, message: string, path: string, options?: {
        owner?: ClaimOwner | null;
        cause?: unknown;
    });
}
export type PreserveErrorCode = 'no-such-bottle' | 'lease-held' | 'lease-unknown' | 'preserved' | 'bad-marker' | 'bad-folder' | 'bad-override' | 'io';
export interface RemoveOptions {
    force?: boolean;
    lease?: Lease;
}
export type RemoveReason = 'ended' | 'never-started' | 'forced';
export interface RestoreReport {
    restored: string[];
    inPlace: string[];
    missing: string[];
    left: TreeReport['left'];
}
export type SessionOutcome = 'exited' | 'blocked' | 'still-running' | 'start-failed' | 'resume-failed';
export interface SnapshotOptions {
    maxBytes?: number;
    maxEntries?: number;
}
export interface SweepOptions {
    inspect: (paths: BottlePaths) => Inspection | Promise<Inspection>;
    dryRun?: boolean;
    force?: boolean;
}
export interface SweepOutcome {
    identity: BottlePaths['identity'];
    action: 'removed' | 'would-remove' | 'kept';
    reason: KeepReason | RemoveReason | 'leftover' | 'failed';
    report: TreeReport | null;
    error?: unknown;
}
export declare function acquireLease(paths: BottlePaths, note?: JsonObject): Promise<Lease>;
export declare function clearOverride(paths: BottlePaths): Promise<boolean>;
export declare function clearPreserved(paths: BottlePaths): Promise<boolean>;
export declare function decideEnd(facts: EndFacts): EndDecision;
export declare function isPreserved(paths: BottlePaths): boolean;
export declare function markPreserved(paths: BottlePaths): Promise<void>;
export declare function overrideImage(identity: string): string;
export declare function readLease(paths: BottlePaths): LeaseState;
export declare function readOverride(paths: BottlePaths): string | null;
export declare function recoverTranscript(paths: BottlePaths): Promise<boolean>;
export declare function removeBottle(paths: BottlePaths, options?: RemoveOptions): Promise<TreeReport>;
export declare function reserveBottle(root: string, agentName: string, note?: JsonObject): Promise<Lease>;
export declare function restoreTranscript(paths: BottlePaths, folders: readonly string[]): Promise<RestoreReport>;
export declare function snapshotTranscript(paths: BottlePaths, folders: readonly string[], options?: SnapshotOptions): Promise<TreeReport>;
export declare function sweep(root: string, options: SweepOptions): AsyncGenerator<SweepOutcome, void, undefined>;
export declare function writeOverride(paths: BottlePaths, text: string): Promise<void>;
export {};
