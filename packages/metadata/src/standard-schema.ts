import { decodeObject } from './decode.js';
import type { JsonObject } from './json.js';
import { type BottleRecord, metadataSchema, type StoredRecord } from './schema.js';
import { type Issue, issuesOf } from './validate.js';

/** The interface of standardschema.dev, version 1, written out as the specification allows: no dependency. */
export interface StandardSchemaV1<Input, Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/**
 * From the object on disk to a `BottleRecord`. Strict: a known key of the wrong type is an issue here, while
 * `decodeRecord` coerces it as the older tool did.
 */
export const bottleRecordSchema: StandardSchemaV1<StoredRecord, BottleRecord> & {
  readonly jsonSchema: typeof metadataSchema;
} = {
  '~standard': {
    version: 1,
    vendor: 'bot-bottle',
    validate(value) {
      const issues = issuesOf(value);
      return issues.length > 0 ? { issues } : { value: decodeObject(value as JsonObject) };
    },
  },
  jsonSchema: metadataSchema,
};
