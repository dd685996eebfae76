import type { JsonObject } from './json.js';

/**
 * `metadata.json`, as it lies on disk. The one source: the type `BottleRecord` is mapped from it, the validator and the
 * codec walk it, and the build writes it to schema/metadata.schema.json. The order of the keys is the order on disk.
 */
export const metadataSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:bot-bottle:metadata',
  title: 'Launch record of a bottle',
  description: 'state/<identity>/metadata.json. A key that is absent takes its default; other keys are kept.',
  type: 'object',
  properties: {
    identity: { type: 'string', default: '', description: 'The name of the folder that holds this file.' },
    agent_name: { type: 'string', default: '', description: 'The agent, as the operator named it.' },
    cwd: { type: 'string', default: '', description: 'The folder that was passed; empty when none was.' },
    copy_cwd: {
      type: 'boolean',
      default: false,
      description: 'The bottle has a copy of cwd, not cwd itself.',
    },
    started_at: { type: 'string', default: '', description: 'ISO 8601, UTC, with the offset +00:00.' },
    compose_project: {
      type: 'string',
      default: '',
      description: 'Empty in old records: bot-bottle-<identity>.',
    },
    backend: { type: 'string', default: '', description: 'Empty in old records: docker.' },
    labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      default: {},
      description: "The operator's own; absent when there are none.",
    },
    args: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: "What was passed to the agent's command; absent when nothing was.",
    },
  },
  additionalProperties: true,
} as const;

type Properties = (typeof metadataSchema)['properties'];

/** The keys on disk. */
export type RecordKey = keyof Properties;

/** A property of the schema: the few forms of JSON Schema that the record needs. */
export type Property =
  | { readonly type: 'string' }
  | { readonly type: 'boolean' }
  | { readonly type: 'array'; readonly items: Property }
  | { readonly type: 'object'; readonly additionalProperties: Property };

type ValueOf<P> = P extends { type: 'string' }
  ? string
  : P extends { type: 'boolean' }
    ? boolean
    : P extends { type: 'array'; items: infer Item }
      ? ValueOf<Item>[]
      : P extends { type: 'object'; additionalProperties: infer Item }
        ? Record<string, ValueOf<Item>>
        : never;

type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key;

type KnownFields = { [Key in RecordKey as CamelCase<Key>]: ValueOf<Properties[Key]> };

export type FieldName = keyof KnownFields;

/** How a bottle was launched. */
export interface BottleRecord extends KnownFields {
  /**
   * What this version does not understand, kept when the record is written again: unknown keys, and the original value of
   * a known key that had the wrong type and was coerced.
   */
  extra: JsonObject;
}

/** The object on disk, before defaults and coercion. */
export type StoredRecord = { [Key in RecordKey]?: ValueOf<Properties[Key]> };

/** Each field with its two names, in the order on disk. */
export const FIELDS = Object.entries(metadataSchema.properties).map(([key, property]) => ({
  key: key as RecordKey,
  field: key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as FieldName,
  property: property as Property & { readonly default: string | boolean | object },
}));
