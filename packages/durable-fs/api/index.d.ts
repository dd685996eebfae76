export interface Claim {
    readonly owner: ClaimOwner;
    release(): Promise<void>;
}
export interface ClaimOptions {
    note?: JsonObject | undefined;
    wait?: AbortSignal | number | undefined;
}
export interface ClaimOwner extends ProcessMark {
    readonly note: JsonObject;
}
export type ClaimState = {
    readonly state: 'free';
} | {
    readonly state: 'held' | 'stale';
    readonly owner: ClaimOwner;
} | {
    readonly state: 'unknown';
    readonly owner: ClaimOwner | null;
};
export interface CopyOptions {
    maxBytes?: number | undefined;
    maxEntries?: number | undefined;
    onEntry?: ((path: string) => void) | undefined;
    links?: 'copy' | 'skip' | undefined;
    durable?: boolean | undefined;
}
export declare const DEFAULT_MAX_BYTES: number;
export declare class DurableFsError extends Error {
    readonly name = "DurableFsError";
    readonly code: DurableFsErrorCode;
    readonly path: string;
    readonly errno: string | null;
    constructor(code: DurableFsErrorCode, path: string, message: string, cause?: unknown);
}
export type DurableFsErrorCode = 'absent' | 'bad-path' | 'changed' | 'claim-held' | 'exists' | 'io' | 'not-a-file' | 'not-a-folder' | 'not-confirmed' | 'not-text' | 'too-large' | 'unsupported-platform';
export interface FolderOptions {
    mode?: number | undefined;
}
export interface JsonObject {
    [key: string]: JsonValue;
}
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface LeftEntry {
    path: string;
    reason: string;
}
export interface ProcessMark {
    readonly pid: number;
    readonly startTime: number;
    readonly bootId: string;
    readonly pidNamespace: string;
}
export interface ProcessOptions {
    proc?: string;
    exists?: (pid: number) => boolean;
}
export type ProcessState = 'alive' | 'dead' | 'unknown';
export interface ReadOptions {
    maxBytes?: number | undefined;
}
export interface TreeReport {
    entries: number;
    bytes: number;
    left: LeftEntry[];
}
export interface WriteOptions {
    mode?: number | undefined;
}
export declare function acquireClaim(folder: string, options?: ClaimOptions): Promise<Claim>;
export declare function copyTree(from: string, to: string, options?: CopyOptions): Promise<TreeReport>;
export declare function createFile(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
export declare function createFolder(path: string, options?: FolderOptions): void;
export declare function ensureFolder(path: string, options?: FolderOptions): void;
export declare function measureTree(path: string): Promise<{
    bytes: number;
    entries: number;
}>;
export declare function processMark(options?: ProcessOptions): ProcessMark;
export declare function processState(mark: ProcessMark, options?: ProcessOptions): ProcessState;
export declare function readBytesOrAbsent(path: string, options?: ReadOptions): Uint8Array | null;
export declare function readClaim(folder: string): ClaimState;
export declare function readFileOrAbsent(path: string, options?: ReadOptions): string | null;
export declare function removeFile(path: string): Promise<boolean>;
export declare function removeTree(path: string): Promise<TreeReport>;
export declare function replaceFile(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
export declare function replaceFileSync(path: string, data: string | Uint8Array, options?: WriteOptions): void;
export declare function sweepTemporaries(folder: string): Promise<string[]>;
export {};
