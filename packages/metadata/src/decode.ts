import { MetadataError } from './errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from './json.js';
import { pythonStr, pythonTruth } from './python.js';
import { type BottleRecord, FIELDS, type Property } from './schema.js';
import { fits } from './validate.js';

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

const DEFAULTS: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(FIELDS.map(({ field, property }) => [field, property.default])),
  extra: undefined,
};

/** Defaults for what is absent, coercion for what is of the wrong type, and everything else into `extra`. */
export function decodeObject(stored: JsonObject): BottleRecord {
  // A copy has all its fields at once, which is quicker than to grow them one by one.
  const record: Record<string, unknown> = { ...DEFAULTS };
  let understood = 0;
  for (const { key, field, property } of FIELDS) {
    const value = Object.hasOwn(stored, key) ? stored[key] : undefined;
    if (value === undefined) {
      // A container anew each time: the caller may fill it.
      if (property.type === 'array') record[field] = [];
      else if (property.type === 'object') record[field] = {};
    } else if (fits(value, property)) {
      record[field] = value;
      understood += 1;
    } else record[field] = coerce(value, property);
  }
  record['extra'] = Object.keys(stored).length === understood ? {} : notUnderstood(stored);
  // FIELDS and the type are both made from the schema.
  return record as unknown as BottleRecord;
}

function notUnderstood(stored: JsonObject): JsonObject {
  const understood = new Set<string>();
  for (const { key, property } of FIELDS) if (fits(stored[key], property)) understood.add(key);
  // `fromEntries` defines members, so a "__proto__" is only a name.
  return Object.fromEntries(Object.entries(stored).filter(([key]) => !understood.has(key)));
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
