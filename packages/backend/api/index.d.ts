import { Duplex } from 'node:stream';
import { Identity } from '@bot-bottle/identity';
export interface Backend {
    readonly name: string;
    readonly contract: ContractVersion;
    readonly capabilities: Capabilities;
    readonly builder?: ImageBuilder;
    probe(): Promise<Probe>;
    prepare(spec: BottleSpec): Promise<PreparedBottle>;
    launch(prepared: PreparedBottle, host: LaunchHost): Promise<RunningBottle>;
    attach(ref: BottleRef, host: LaunchHost): Promise<RunningBottle>;
    status(ref: BottleRef): Promise<BottleStatus>;
    stop(ref: BottleRef, options: StopOptions): Promise<void>;
    destroy(ref: BottleRef): Promise<DestroyReport>;
    survey?(): Promise<readonly Sighting[]>;
    recall?(ref: BottleRef): Promise<Recollection | null>;
}
export declare class BackendError extends Error {
    readonly name = "BackendError";
    readonly code: BackendErrorCode;
    readonly remedy: string | null;
    constructor(code: BackendErrorCode, message: string, options?: ErrorOptions & {
        remedy?: string;
    });
}
export type BackendErrorCode = 'contract-mismatch' | 'unavailable' | 'bad-spec' | 'not-prepared' | 'already-running' | 'not-running' | 'unsupported' | 'isolation-failed' | 'launch-failed' | 'build-failed' | 'stop-failed';
export interface BottleRef {
    readonly identity: Identity;
    readonly stateFolder: string;
    readonly project?: string;
}
export interface BottleSpec extends BottleRef {
    readonly agentName: string;
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly workspace: Workspace;
    readonly home: FolderMount;
    readonly limits: Limits;
    readonly labels: Readonly<Record<string, string>>;
    readonly toolPaths?: readonly string[];
    readonly image?: string;
    readonly files?: readonly FileMount[];
    readonly egress?: {
        readonly port: number;
    };
}
export type BottleStatus = {
    readonly state: 'absent';
} | {
    readonly state: 'prepared';
} | {
    readonly state: 'running';
} | {
    readonly state: 'exited';
    readonly exit: ExitStatus | null;
};
export interface BuildHost {
    progress(line: string): void;
    readonly signal?: AbortSignal;
}
export interface BuiltImage {
    readonly image: string;
    readonly built: boolean;
}
export declare const CONTRACT_VERSION: ContractVersion;
export interface Capabilities {
    readonly isolation: 'none' | 'namespaces' | 'container' | 'microvm';
    readonly network: 'none' | 'egress' | 'open';
    readonly attach: boolean;
    readonly resize: boolean;
    readonly images: boolean;
    readonly workspaces: readonly WorkspaceKind[];
    readonly environment: readonly string[];
}
export interface ContractVersion {
    readonly major: number;
    readonly minor: number;
}
export interface DestroyReport {
    readonly removed: boolean;
    readonly left: readonly {
        readonly path: string;
        readonly reason: string;
    }[];
}
export declare const EGRESS_PROOF = "GET http://proof.invalid/ HTTP/1.1\r\nHost: another.invalid\r\n\r\n";
export declare const EGRESS_PROOF_HOST = "proof.invalid";
export declare const EGRESS_PROOF_STEPS = "\nconst { readFileSync } = require('node:fs');\nconst { connect } = require('node:net');\nconst checkInterfaces = () => {\n  const interfaces = readFileSync('/proc/self/net/dev', 'utf8').match(/[^ \\n]+(?=:)/g).join(' ');\n  if (interfaces !== 'lo') throw new Error('there is a network: ' + interfaces);\n};\nconst ask = (port, proof) => new Promise((done, failed) => {\n  let answer = '';\n  const socket = connect({ host: '127.0.0.1', port });\n  socket.once('error', failed);\n  socket.once('close', () => done(answer.split('\\r\\n')[0]));\n  socket.on('data', chunk => {\n    answer += chunk;\n    if (answer.includes('\\r\\n')) socket.destroy();\n  });\n  socket.write(proof);\n});\nconst reach = host => new Promise(done => {\n  const socket = connect({ host, port: 443 });\n  socket.once('connect', () => done('connected'));\n  socket.once('error', error => done(error.code));\n});\nconst checkUnreachable = async () => {\n  for (const host of ['192.0.2.1', '2001:db8::1']) {\n    const outcome = await reach(host);\n    if (!['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(outcome)) throw new Error(host + ': ' + outcome);\n  }\n};\n";
export type Enforcement = 'bottle' | 'process' | 'none';
export interface ExitStatus {
    readonly code: number;
    readonly outOfMemory?: true;
}
export declare const FILE_FOLDERS: {
    readonly own: "/run/bot-bottle/";
    readonly system: readonly [
        "/etc/ssl/",
        "/etc/pki/"
    ];
};
export interface FileMount {
    readonly source: string;
    readonly target: string;
}
export interface FolderMount {
    readonly source: string;
    readonly target: string;
}
export interface Forbidden {
    readonly home: string;
    readonly stateRoot: string;
}
export interface HeldTerminal {
    readonly terminal: Terminal;
    said(): string;
}
export interface ImageBuild {
    readonly name: string;
    readonly bottle?: BottleRef;
    readonly dockerfile: string;
    readonly context: string | null;
    readonly ignore?: string;
    readonly noCache?: boolean;
}
export interface ImageBuilder {
    readonly defaultImage: string;
    build(build: ImageBuild, host: BuildHost): Promise<BuiltImage>;
    remove(bottle: BottleRef, name: string): Promise<DestroyReport>;
    survey?(): Promise<readonly ImageSighting[]>;
}
export interface ImageSighting {
    readonly bottle: BottleRef;
    readonly name: string;
}
export interface LaunchHost {
    openTerminal(command: TerminalCommand): Terminal;
    serveEgress?(connection: Duplex): void;
}
export type LimitName = keyof Limits;
export interface Limits {
    readonly memoryBytes?: number;
    readonly cpus?: number;
    readonly processes?: number;
    readonly openFiles?: number;
    readonly tmpBytes?: number;
}
export interface PreparedBottle {
    readonly spec: BottleSpec;
}
export type Probe = {
    readonly available: true;
    readonly version: string;
    readonly limits: Readonly<Record<LimitName, Enforcement>>;
    readonly notes: readonly string[];
} | {
    readonly available: false;
    readonly reason: string;
    readonly remedy: string;
};
export interface Recollection {
    readonly agentName: string;
    readonly command: readonly string[];
    readonly image: string | null;
    readonly workspace: FolderMount;
    readonly home: FolderMount;
    readonly labels: Readonly<Record<string, string>>;
    readonly project: string;
    readonly createdAt: Date;
}
export interface ResolvedMounts {
    readonly workspace: FolderMount;
    readonly home: FolderMount;
    readonly toolPaths: readonly string[];
    readonly judged: readonly (readonly [
        path: string,
        folder: string
    ])[];
}
export interface RunningBottle {
    readonly pid: number | null;
    readonly terminal: Terminal;
    readonly exited: Promise<ExitStatus>;
}
export interface Sighting {
    readonly bottle: BottleRef | null;
    readonly project: string;
    readonly state: 'running' | 'exited';
    readonly names: readonly string[];
    readonly createdAt: Date;
}
export interface StopOptions {
    readonly graceMs: number;
}
export interface Terminal {
    readonly pid: number;
    write(data: string | Uint8Array): void;
    resize(size: TerminalSize): void;
    onData(listener: (chunk: Uint8Array) => void): () => void;
    onExit(listener: (exit: ExitStatus) => void): void;
    kill(signal: NodeJS.Signals): void;
}
export interface TerminalCommand {
    readonly file: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
}
export interface TerminalSize {
    readonly columns: number;
    readonly rows: number;
}
export interface Workspace extends FolderMount {
    readonly kind: WorkspaceKind;
}
export type WorkspaceKind = 'empty' | 'mount' | 'copy';
export declare function checkBuild({ name, dockerfile, context, ignore }: ImageBuild): void;
export declare function checkContract(adapter: {
    readonly name: string;
    readonly contract: ContractVersion;
}, ours?: ContractVersion): void;
export declare function checkFile({ source, target }: FileMount): void;
export declare function checkSpec(spec: BottleSpec, { images, network, workspaces }: Capabilities): void;
export declare function holdTerminal(terminal: Terminal): HeldTerminal;
export declare function realOf(path: string): string;
export declare function resolveMounts(spec: BottleSpec, forbidden: Forbidden): ResolvedMounts;
export {};
