import { Backend } from '@bot-bottle/backend';
export declare const DEFAULT_LIMITS: {
    readonly memoryBytes: number;
    readonly processes: 4096;
    readonly tmpBytes: number;
};
export interface DockerOptions {
    readonly env?: Environment;
    readonly image?: string;
    readonly home?: string;
    readonly stateRoot?: string;
}
type Environment = Readonly<Record<string, string | undefined>>;
export declare function createBackend(): Backend;
export declare function dockerBackend(options?: DockerOptions): Backend;
export {};
