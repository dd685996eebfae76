export {
  type BottleRecord,
  bottleRecordSchema,
  decodeRecord,
  effectiveBackend,
  effectiveComposeProject,
  encodeRecord,
  formatStartedAt,
  type JsonObject,
  type JsonValue,
  MAX_RECORD_BYTES,
  MetadataError,
  type MetadataErrorCode,
  newRecord,
  type StandardSchemaV1,
  type StoredRecord,
  type TextPosition,
} from './codec.js';
export { listRecords, type RecordEntry } from './list.js';
export { type RecordPaths, readRecord, updateRecord, writeRecord } from './store.js';
