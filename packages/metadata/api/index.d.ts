import { Identity } from '@bot-bottle/identity';
interface BottlePaths {
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
export interface BottleRecord extends KnownFields {
    extra: JsonObject;
}
type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;
interface Issue {
    readonly message: string;
    readonly path: readonly PropertyKey[];
}
export type JsonObject = {
    [key: string]: JsonValue;
};
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
type KnownFields = {
    [Key in RecordKey as CamelCase<Key>]: ValueOf<Properties[Key]>;
};
export declare const MAX_RECORD_BYTES: number;
export declare class MetadataError extends Error {
    readonly name = "MetadataError";
    readonly code: MetadataErrorCode;
    readonly path: string;
    readonly position: TextPosition | undefined;
    constructor(code: MetadataErrorCode, path: string, message: string, details?: {
        position?: TextPosition;
        cause?: unknown;
    });
}
export type MetadataErrorCode = 'broken-record' | 'invalid-record' | 'identity-mismatch' | 'no-record' | 'cannot-read' | 'cannot-write';
type Outcome = {
    readonly record: BottleRecord | null;
    readonly error?: undefined;
} | {
    readonly record?: undefined;
    readonly error: MetadataError;
};
type Properties = (typeof metadataSchema)['properties'];
export type RecordEntry = {
    readonly identity: Identity;
    readonly paths: BottlePaths;
} & Outcome;
type RecordKey = keyof Properties;
export type RecordPaths = Pick<BottlePaths, 'folder' | 'identity' | 'metadata' | 'metadataLock'>;
type SidecarName = 'agent' | 'egress' | 'git-gate' | 'pipelock' | 'supervise';
export interface StandardSchemaV1<Input, Output> {
    readonly '~standard': {
        readonly version: 1;
        readonly vendor: string;
        readonly validate: (value: unknown) => {
            readonly value: Output;
            readonly issues?: undefined;
        } | {
            readonly issues: readonly Issue[];
        };
        readonly types?: {
            readonly input: Input;
            readonly output: Output;
        } | undefined;
    };
}
export type StoredRecord = {
    [Key in RecordKey]?: ValueOf<Properties[Key]>;
};
export interface TextPosition {
    readonly offset: number;
    readonly line: number;
    readonly column: number;
}
type ValueOf<P> = P extends {
    type: 'string';
} ? string : P extends {
    type: 'boolean';
} ? boolean : P extends {
    type: 'array';
    items: infer Item;
} ? ValueOf<Item>[] : P extends {
    type: 'object';
    additionalProperties: infer Item;
} ? Record<string, ValueOf<Item>> : never;
export declare const bottleRecordSchema: StandardSchemaV1<StoredRecord, BottleRecord> & {
    readonly jsonSchema: typeof metadataSchema;
};
export declare function decodeRecord(text: string, options?: {
    source?: string;
}): BottleRecord | null;
export declare function effectiveBackend(record: Pick<BottleRecord, 'backend'>): string;
export declare function effectiveComposeProject(record: Pick<BottleRecord, 'composeProject' | 'identity'>): string;
export declare function encodeRecord(record: BottleRecord): string;
export declare function formatStartedAt(at: Date): string;
export declare function listRecords(root?: string, options?: {
    identities?: Iterable<Identity>;
}): Generator<RecordEntry, void, undefined>;
declare const metadataSchema: {
    readonly $schema: "https://json-schema.org/draft/2020-12/schema";
    readonly $id: "urn:bot-bottle:metadata";
    readonly title: "Launch record of a bottle";
    readonly description: "state/<identity>/metadata.json. A key that is absent takes its default; other keys are kept.";
    readonly type: "object";
    readonly properties: {
        readonly identity: {
            readonly type: "string";
            readonly default: "";
            readonly description: "The name of the folder that holds this file.";
        };
        readonly agent_name: {
            readonly type: "string";
            readonly default: "";
            readonly description: "The agent, as the operator named it.";
        };
        readonly cwd: {
            readonly type: "string";
            readonly default: "";
            readonly description: "The folder that was passed; empty when none was.";
        };
        readonly copy_cwd: {
            readonly type: "boolean";
            readonly default: false;
            readonly description: "The bottle has a copy of cwd, not cwd itself.";
        };
        readonly started_at: {
            readonly type: "string";
            readonly default: "";
            readonly description: "ISO 8601, UTC, with the offset +00:00.";
        };
        readonly compose_project: {
            readonly type: "string";
            readonly default: "";
            readonly description: "Empty in old records: bot-bottle-<identity>.";
        };
        readonly backend: {
            readonly type: "string";
            readonly default: "";
            readonly description: "Empty in old records: docker.";
        };
        readonly labels: {
            readonly type: "object";
            readonly additionalProperties: {
                readonly type: "string";
            };
            readonly default: {};
            readonly description: "The operator's own; absent when there are none.";
        };
        readonly args: {
            readonly type: "array";
            readonly items: {
                readonly type: "string";
            };
            readonly default: readonly [
            ];
            readonly description: "What was passed to the agent's command; absent when nothing was.";
        };
    };
    readonly additionalProperties: true;
};
export declare function newRecord(fields: {
    identity: Identity;
    agentName: string;
} & Partial<BottleRecord>, options?: {
    now?: () => Date;
}): BottleRecord;
export declare function readRecord(paths: RecordPaths): BottleRecord | null;
export declare function updateRecord(paths: RecordPaths, change: (record: BottleRecord) => BottleRecord, options?: {
    wait?: number | AbortSignal;
}): Promise<BottleRecord>;
export declare function writeRecord(paths: RecordPaths, record: BottleRecord): Promise<void>;
export {};
