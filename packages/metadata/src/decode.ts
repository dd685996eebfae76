import { MetadataError } from './errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from './json.js';
import { pythonStr, pythonTruth } from './python.js';
import { type BottleRecord, FIELDS, type Property } from './schema.js';
import { propertyIssues } from './validate.js';

/** Largest record that is read or written, in bytes of UTF-8: a thousand times what one has. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/**
 * Reads the text of a record. Null when the JSON is no object, as the older tool had it.
 * @param options.source what errors call the text, such as its path; default `metadata.json`
 * @throws {MetadataError} `broken-record` with the position: no JSON, deeper than 100 levels, longer than 1 MiB
 */
export function decodeRecord(text: string, options: { source?: string } = {}): BottleRecord | null {
  const { source = 'metadata.json' } = options;
  if (text.length > MAX_RECORD_BYTES) throw tooLarge(source);
  const stored = parseJson(text, source);
  return isJsonObject(stored) ? decodeObject(stored) : null;
}

export function tooLarge(source: string): MetadataError {
  return new MetadataError('broken-record', source, `larger than ${MAX_RECORD_BYTES} bytes, so no record`);
}

/** Defaults for what is absent, coercion for what is of the wrong type, and everything else into `extra`. */
export function decodeObject(stored: JsonObject): BottleRecord {
  const rest = new Map(Object.entries(stored));
  const known = FIELDS.map(({ key, field, property }) => {
    const value = rest.get(key);
    if (value === undefined) return [field, structuredClone(property.default)] as const;
    if (propertyIssues(value, property).length === 0) rest.delete(key);
    return [field, coerce(value, property)] as const;
  });
  // FIELDS and the type are both made from the schema. `fromEntries` defines members, so a "__proto__" is only a name.
  return { ...Object.fromEntries(known), extra: Object.fromEntries(rest) } as unknown as BottleRecord;
}

/** The value of a known key as the older tool read it; of `labels` and `args`, which it did not know, what fits. */
export function coerce(value: JsonValue, property: Property): JsonValue {
  switch (property.type) {
    case 'string':
      return pythonStr(value);
    case 'boolean':
      return pythonTruth(value);
    case 'array':
      return Array.isArray(value) ? value.map(item => coerce(item, property.items)) : [];
    case 'object': {
      const entries = isJsonObject(value) ? Object.entries(value) : [];
      return Object.fromEntries(
        entries.map(([key, item]) => [key, coerce(item, property.additionalProperties)]),
      );
    }
  }
}
