// The entry `./codec`: text to record and back. No node: import and no disk, so it runs in a browser too.
export { decodeRecord, MAX_RECORD_BYTES } from './decode.js';
export { encodeRecord } from './encode.js';
export { MetadataError, type MetadataErrorCode, type TextPosition } from './errors.js';
export { effectiveBackend, effectiveComposeProject, formatStartedAt, newRecord } from './fields.js';
export type { JsonObject, JsonValue } from './json.js';
export type { BottleRecord, StoredRecord } from './schema.js';
export { bottleRecordSchema, type StandardSchemaV1 } from './standard-schema.js';
