import { coerce, MAX_RECORD_BYTES } from './decode.js';
import { MetadataError } from './errors.js';
import { isJsonObject, type JsonValue, MAX_DEPTH } from './json.js';
import { findFault } from './json-fault.js';
import { type BottleRecord, FIELDS, type Property } from './schema.js';
import { propertyIssues } from './validate.js';

/**
 * The text of a record: known keys in their order, then the unknown ones in theirs (of a JavaScript object: "7" before
 * "a"); two spaces, a newline at the end.
 * `labels` and `args` appear only when not empty, so that a plain record is what the older tool writes. A key whose
 * coerced value was not changed keeps its original.
 * @throws {MetadataError} `invalid-record` for what could not be read back as it is
 */
export function encodeRecord(record: BottleRecord): string {
  const members = [...knownMembers(record), ...unknownMembers(record)];
  const text = `{\n${members.map(([key, value]) => member(record, key, value)).join(',\n')}\n}\n`;
  const fault = findFault(text, MAX_DEPTH);
  if (fault !== null) throw invalid(record, fault.problem);
  if (new TextEncoder().encode(text).length > MAX_RECORD_BYTES)
    throw invalid(record, `more than ${MAX_RECORD_BYTES} bytes`);
  return text;
}

type Member = readonly [key: string, value: unknown];

function knownMembers(record: BottleRecord): Member[] {
  if (!isJsonObject(record.extra)) throw invalid(record, 'extra: expected an object');
  return FIELDS.flatMap(({ key, field, property }) => {
    const value = record[field];
    const [issue] = propertyIssues(value, property, [field]);
    if (issue !== undefined) throw invalid(record, `${issue.path.join('.')}: ${issue.message}`);
    const original = Object.hasOwn(record.extra, key) ? record.extra[key] : undefined;
    if (original !== undefined && same(coerce(original, property), value)) return [[key, original] as const];
    return isEmptyContainer(value, property) ? [] : [[key, value] as const];
  });
}

function unknownMembers(record: BottleRecord): Member[] {
  const known: ReadonlySet<string> = new Set(FIELDS.map(({ key }) => key));
  return Object.entries(record.extra).filter(([key, value]) => !known.has(key) && value !== undefined);
}

/** One line or more, indented. Written one by one: in an object, keys such as "7" would come before all others. */
function member(record: BottleRecord, key: string, value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value, null, 2);
    if (typeof text === 'string') return `  ${JSON.stringify(key)}: ${text.replaceAll('\n', '\n  ')}`;
  } catch (cause) {
    throw invalid(record, `${key}: no JSON value`, cause);
  }
  throw invalid(record, `${key}: no JSON value`);
}

function same(coerced: JsonValue, value: unknown): boolean {
  return JSON.stringify(coerced) === JSON.stringify(value);
}

function isEmptyContainer(value: unknown, property: Property): boolean {
  return (
    (property.type === 'array' || property.type === 'object') && Object.keys(value as object).length === 0
  );
}

function invalid(record: BottleRecord, message: string, cause?: unknown): MetadataError {
  return new MetadataError('invalid-record', `record of ${JSON.stringify(record.identity)}`, message, {
    cause,
  });
}
