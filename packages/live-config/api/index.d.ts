import { BottlePaths } from '@bot-bottle/state-paths';
export interface AllowlistEntry extends HostPattern {
    readonly flags?: readonly AllowlistFlag[];
}
export type AllowlistFlag = (typeof FLAGS)[number];
export type Credential = CredentialSource & {
    readonly header?: string;
};
type CredentialSource = {
    readonly env: string;
    readonly file?: never;
    readonly command?: never;
} | {
    readonly file: string;
    readonly env?: never;
    readonly command?: never;
} | {
    readonly command: readonly string[];
    readonly env?: never;
    readonly file?: never;
};
declare const FLAGS: readonly [
    "ip",
    "wide",
    "private",
    "sni"
];
export interface HostPattern {
    readonly host: string;
    readonly port?: number;
}
export interface LiveConfig {
    readonly generation: number;
    readonly revision: string;
    readonly edited: boolean;
    readonly allowlist: readonly AllowlistEntry[] | null;
    readonly routes: readonly Route[] | null;
    readonly text: {
        readonly allowlist: string | null;
        readonly routes: string | null;
    };
}
export interface LiveConfigChange {
    readonly allowlist?: string | readonly AllowlistEntry[] | undefined;
    readonly routes?: string | readonly Route[] | undefined;
}
export declare class LiveConfigError extends Error {
    readonly name = "LiveConfigError";
    readonly code: LiveConfigErrorCode;
    readonly source: string | undefined;
    readonly problems: readonly Problem[];
    constructor(code: LiveConfigErrorCode, what: string | readonly Problem[], options?: {
        source?: string | undefined;
        cause?: unknown;
    });
    get line(): number | undefined;
    get column(): number | undefined;
}
export type LiveConfigErrorCode = 'bad-host' | 'bad-allowlist' | 'bad-routes' | 'bad-generation' | 'revision-moved' | 'unsettled';
export type LiveConfigPaths = Pick<BottlePaths, 'liveConfig' | 'allowlist' | 'routes' | 'generation'>;
export interface Problem {
    readonly line: number;
    readonly column: number;
    readonly message: string;
}
export interface Route extends HostPattern {
    readonly methods?: readonly string[];
    readonly paths?: readonly string[];
    readonly credential?: Credential;
}
export type RouteDecision = {
    readonly kind: 'unrouted';
} | {
    readonly kind: 'fits';
    readonly route: Route;
} | {
    readonly kind: 'denied';
    readonly routes: readonly Route[];
};
export interface RoutedRequest {
    readonly host: string;
    readonly port: number;
    readonly method: string;
    readonly path: string;
}
export interface WatchOptions {
    readonly signal: AbortSignal;
    readonly onError: (error: Error) => void;
    readonly pollMs?: number | undefined;
}
export interface WriteOptions {
    readonly expectRevision?: string | undefined;
    readonly wait?: number | AbortSignal | undefined;
}
export declare function formatAllowlist(entries: readonly AllowlistEntry[]): string;
export declare function formatPattern({ host, port }: HostPattern): string;
export declare function formatRoutes(routes: readonly Route[]): string;
export declare function isWide(host: string): boolean;
export declare function liveConfigPaths(folder: string): LiveConfigPaths;
export declare function matchAllowlist(entries: readonly AllowlistEntry[], host: string, port: number): AllowlistEntry[];
export declare function matchRoutes(routes: readonly Route[], request: RoutedRequest): RouteDecision;
export declare function normaliseHost(text: string): string;
export declare function parseAllowlist(text: string, options?: {
    source?: string;
}): AllowlistEntry[];
export declare function parsePattern(text: string): HostPattern;
export declare function parseRoutes(text: string, options?: {
    source?: string;
}): Route[];
export declare function readLiveConfig(paths: LiveConfigPaths): LiveConfig;
export declare function watchLiveConfig(paths: LiveConfigPaths, onChange: (config: LiveConfig) => void, options: WatchOptions): void;
export declare function writeLiveConfig(paths: LiveConfigPaths, change: LiveConfigChange, options?: WriteOptions): Promise<{
    generation: number;
}>;
export {};
