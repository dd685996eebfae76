import { Identity } from '@bot-bottle/identity';
import { RandomSource } from '@bot-bottle/identity';
export type AuditWriter = 'egress';
export interface BottlePaths {
    readonly root: string;
    readonly identity: Identity;
    readonly folder: string;
    readonly metadata: string;
    readonly metadataLock: string;
    readonly dockerfile: string;
    readonly transcript: string;
    readonly liveConfig: string;
    readonly routes: string;
    readonly allowlist: string;
    readonly generation: string;
    readonly preserve: string;
    readonly lease: string;
    readonly launch: string;
    readonly session: string;
    readonly terminalLog: string;
    readonly controlSocket: string;
    readonly workspace: string;
    readonly home: string;
    readonly queue: string;
    sidecar(name: SidecarName): string;
}
export interface RootPaths {
    readonly root: string;
    readonly state: string;
    readonly queue: string;
    readonly audit: string;
    readonly config: string;
}
export type SidecarName = 'agent' | 'egress' | 'git-gate' | 'pipelock' | 'supervise';
export declare class StatePathsError extends Error {
    readonly name = "StatePathsError";
    readonly code: StatePathsErrorCode;
    readonly path: string;
    constructor(code: StatePathsErrorCode, path: string, message: string, options?: {
        cause: unknown;
    });
}
export type StatePathsErrorCode = 'bad-root' | 'unsafe-name' | 'not-a-folder' | 'cannot-reserve' | 'no-free-identity' | 'cannot-list';
export interface StateRootOptions {
    env?: Readonly<Record<string, string | undefined>>;
    home?: string;
    cwd?: string;
}
export declare function auditLog(root: string, identity: Identity, writer: AuditWriter): string;
export declare function bottlePaths(root: string, identity: Identity): BottlePaths;
export declare function checkBottleFolder(paths: Pick<BottlePaths, 'folder'>): 'absent' | 'folder';
export declare function eachBottle(root: string): Generator<BottlePaths, void, undefined>;
export declare function eachIdentity(root: string): Generator<Identity, void, undefined>;
export declare function isReservationOnly(paths: Pick<BottlePaths, 'folder'>): boolean;
export declare function listAuditLogs(root: string, writer: AuditWriter): Identity[];
export declare function listForeign(root: string): string[];
export declare function listIdentities(root: string): Identity[];
export declare function reserveIdentity(root: string, agentName: string, options?: {
    random?: RandomSource;
}): Identity;
export declare function rootPaths(root: string): RootPaths;
export declare function stateRoot(options?: StateRootOptions): string;
export {};
