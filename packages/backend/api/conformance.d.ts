import { Duplex } from 'node:stream';
import { Identity } from '@bot-bottle/identity';
interface Backend {
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
interface BottleRef {
    readonly identity: Identity;
    readonly stateFolder: string;
    readonly project?: string;
}
interface BottleSpec extends BottleRef {
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
type BottleStatus = {
    readonly state: 'absent';
} | {
    readonly state: 'prepared';
} | {
    readonly state: 'running';
} | {
    readonly state: 'exited';
    readonly exit: ExitStatus | null;
};
interface BuildHost {
    progress(line: string): void;
    readonly signal?: AbortSignal;
}
interface BuiltImage {
    readonly image: string;
    readonly built: boolean;
}
interface Capabilities {
    readonly isolation: 'none' | 'namespaces' | 'container' | 'microvm';
    readonly network: 'none' | 'egress' | 'open';
    readonly attach: boolean;
    readonly resize: boolean;
    readonly images: boolean;
    readonly workspaces: readonly WorkspaceKind[];
    readonly environment: readonly string[];
}
export interface ConformanceOptions {
    readonly host: () => LaunchHost;
    readonly programs?: Programs;
    readonly runner?: TestRunner;
}
interface ContractVersion {
    readonly major: number;
    readonly minor: number;
}
interface DestroyReport {
    readonly removed: boolean;
    readonly left: readonly {
        readonly path: string;
        readonly reason: string;
    }[];
}
type Enforcement = 'bottle' | 'process' | 'none';
interface Entry {
    spec: BottleSpec;
    readonly createdAt: Date;
    status: BottleStatus;
    process?: MemoryProcess;
}
interface ExitStatus {
    readonly code: number;
    readonly outOfMemory?: true;
}
interface FileMount {
    readonly source: string;
    readonly target: string;
}
interface FolderMount {
    readonly source: string;
    readonly target: string;
}
interface Image {
    readonly digest: string;
    readonly bottle: BottleRef | undefined;
    readonly files: ReadonlyMap<string, string>;
}
interface ImageBuild {
    readonly name: string;
    readonly bottle?: BottleRef;
    readonly dockerfile: string;
    readonly context: string | null;
    readonly ignore?: string;
    readonly noCache?: boolean;
}
interface ImageBuilder {
    readonly defaultImage: string;
    build(build: ImageBuild, host: BuildHost): Promise<BuiltImage>;
    remove(bottle: BottleRef, name: string): Promise<DestroyReport>;
    survey?(): Promise<readonly ImageSighting[]>;
}
interface ImageSighting {
    readonly bottle: BottleRef;
    readonly name: string;
}
interface LaunchHost {
    openTerminal(command: TerminalCommand): Terminal;
    serveEgress?(connection: Duplex): void;
}
type LimitName = keyof Limits;
interface Limits {
    readonly memoryBytes?: number;
    readonly cpus?: number;
    readonly processes?: number;
    readonly openFiles?: number;
    readonly tmpBytes?: number;
}
declare class MemoryImages implements ImageBuilder {
    readonly defaultImage = "empty";
    find(name?: string): Image['files'] | undefined;
    build(build: ImageBuild, host: BuildHost): Promise<BuiltImage>;
    remove({ stateFolder }: BottleRef, name: string): Promise<DestroyReport>;
    survey(): Promise<readonly ImageSighting[]>;
}
interface MemoryProcess {
    readonly terminal: Terminal;
    readonly exited: Promise<ExitStatus>;
    signal(signal: keyof typeof NUMBERS): void;
}
export declare class MemoryStore {
    readonly bottles: Map<string, Entry>;
    readonly images: MemoryImages;
}
declare const NUMBERS: {
    readonly SIGTERM: 15;
    readonly SIGKILL: 9;
};
interface PreparedBottle {
    readonly spec: BottleSpec;
}
type Probe = {
    readonly available: true;
    readonly version: string;
    readonly limits: Readonly<Record<LimitName, Enforcement>>;
    readonly notes: readonly string[];
} | {
    readonly available: false;
    readonly reason: string;
    readonly remedy: string;
};
export interface Programs {
    exit(code: number): string[];
    die(signal: 'TERM' | 'KILL'): string[];
    print(text: string): string[];
    environment(): string[];
    hostname(): string[];
    write(path: string, text: string): string[];
    read(path: string): string[];
    echo(): string[];
    wait(): string[];
    stubborn(): string[];
    sizes(): string[];
    processes(): string[];
    connect(port: number): string[];
    talk(port: number, text: string): string[];
}
interface Recollection {
    readonly agentName: string;
    readonly command: readonly string[];
    readonly image: string | null;
    readonly workspace: FolderMount;
    readonly home: FolderMount;
    readonly labels: Readonly<Record<string, string>>;
    readonly project: string;
    readonly createdAt: Date;
}
interface RunningBottle {
    readonly pid: number | null;
    readonly terminal: Terminal;
    readonly exited: Promise<ExitStatus>;
}
interface Sighting {
    readonly bottle: BottleRef | null;
    readonly project: string;
    readonly state: 'running' | 'exited';
    readonly names: readonly string[];
    readonly createdAt: Date;
}
interface StopOptions {
    readonly graceMs: number;
}
interface Terminal {
    readonly pid: number;
    write(data: string | Uint8Array): void;
    resize(size: TerminalSize): void;
    onData(listener: (chunk: Uint8Array) => void): () => void;
    onExit(listener: (exit: ExitStatus) => void): void;
    kill(signal: NodeJS.Signals): void;
}
interface TerminalCommand {
    readonly file: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
}
interface TerminalSize {
    readonly columns: number;
    readonly rows: number;
}
export interface TestRunner {
    describe(name: string, body: () => void): unknown;
    it(name: string, body: () => Promise<void>): unknown;
}
interface Workspace extends FolderMount {
    readonly kind: WorkspaceKind;
}
type WorkspaceKind = 'empty' | 'mount' | 'copy';
export declare function describeBackend(name: string, makeBackend: () => Backend, options: ConformanceOptions): void;
export declare function memoryBackend(store?: MemoryStore): Backend;
export declare const memoryPrograms: Programs;
export declare const shellPrograms: Programs;
export {};
