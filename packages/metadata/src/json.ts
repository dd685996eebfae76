import { MetadataError } from './errors.js';
import { findFault } from './json-fault.js';

/**
 * A number that a double cannot give back letter for letter (12345678901234567890, 1.0) is a `JSON.rawJSON` object, which
 * `JSON.stringify` writes as it was. An engine without "JSON.parse source text access" (ECMAScript proposal; in Node 22,
 * Chrome 114, Firefox 135, Safari 18.4 and later) gives a plain number.
 */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** Deepest nesting that is read or written, in levels: everything here recurses no deeper, so no stack overflows. */
export const MAX_DEPTH = 100;

// Not yet in TypeScript's lib.
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;
interface RawJson {
  rawJSON?: (text: string) => unknown;
  isRawJSON?: (value: unknown) => value is { readonly rawJSON: string };
}
const engine = JSON as unknown as RawJson;

/** Whether this engine keeps every number letter for letter, so that a record may be written again. */
export function keepsNumbers(): boolean {
  return engine.rawJSON !== undefined;
}

/**
 * @throws {MetadataError} `broken-record` with the position of the first fault
 */
export function parseJson(text: string, source: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw brokenJson(text, source, cause);
  }
  if (isPlain(value)) return value;
  const { deep, numbers } = survey(value);
  if (deep) throw brokenJson(text, source, undefined);
  return numbers ? (JSON.parse(text, keepSource as Reviver) as JsonValue) : value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && rawText(value) === undefined;
}

/** The letters of a number that is kept as they were. */
export function rawText(value: unknown): string | undefined {
  return engine.isRawJSON?.(value) ? value.rawJSON : undefined;
}

const keepSource: Reviver = (_key, value, context) =>
  typeof value === 'number' &&
  context?.source !== undefined &&
  String(value) !== context.source &&
  engine.rawJSON
    ? engine.rawJSON(context.source)
    : value;

/** Nothing to look at more closely: what most records are. */
function isPlain(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'number';
  for (const key in value) {
    const type = typeof (value as JsonObject)[key];
    if (type !== 'string' && type !== 'boolean') return false;
  }
  return true;
}

/** Looks at every value without recursion: `JSON.parse` itself takes any depth, but a reviver overflows the stack. */
function survey(value: JsonValue): { deep: boolean; numbers: boolean } {
  let numbers = false;
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: JsonValue[] = [];
    for (const item of level) {
      if (typeof item === 'number') numbers = true;
      if (typeof item !== 'object' || item === null) continue;
      if (depth === MAX_DEPTH) return { deep: true, numbers };
      for (const child of Object.values(item)) next.push(child);
    }
    level = next;
  }
  return { deep: false, numbers };
}

function brokenJson(text: string, source: string, cause: unknown): MetadataError {
  const fault = findFault(text, MAX_DEPTH);
  if (fault === null)
    return new MetadataError('broken-record', source, 'the JSON could not be parsed', { cause });
  const before = text.slice(0, fault.offset);
  const line = before.split('\n').length;
  const column = fault.offset - before.lastIndexOf('\n');
  return new MetadataError('broken-record', source, `${fault.problem} at line ${line}, column ${column}`, {
    position: { offset: fault.offset, line, column },
    cause,
  });
}
