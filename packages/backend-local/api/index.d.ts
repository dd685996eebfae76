import { Backend } from '@bot-bottle/backend';
export declare const DEFAULT_LIMITS: {
    readonly memoryBytes: number;
    readonly processes: 4096;
    readonly openFiles: 65536;
    readonly tmpBytes: number;
};
type Environment = Readonly<Record<string, string | undefined>>;
export interface LocalOptions {
    readonly env?: Environment;
    readonly home?: string;
    readonly stateRoot?: string;
}
export declare function localBackend(options?: LocalOptions): Backend;
export {};
