import { isJsonObject, type JsonValue, rawText } from './json.js';

/**
 * The older tool is Python: it read every text key through `str()` and `copy_cwd` through `bool()` after `json.loads`. Two
 * programs must not read one record differently, so a value of the wrong type gives here what it gave there: null is
 * "None", true is "True". Rules: docs.python.org/3/library/json.html, stdtypes.html#str, `repr` of the built-in types.
 */
export function pythonStr(value: JsonValue): string {
  return typeof value === 'string' ? value : repr(value);
}

/** docs.python.org/3/library/stdtypes.html#truth-value-testing */
export function pythonTruth(value: JsonValue): boolean {
  const raw = rawText(value);
  if (raw !== undefined) return Number(raw) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (isJsonObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function repr(value: JsonValue): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (isJsonObject(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)}: ${repr(item)}`)
      .join(', ')}}`;
  }
  return number(rawText(value) ?? String(value));
}

/** `json.loads` makes an int of digits alone, of any size, and a float of everything else. */
function number(source: string): string {
  if (/^-?[0-9]+$/.test(source)) return source === '-0' ? '0' : source;
  const value = Number(source);
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return float(value);
}

/** The shortest digits are those of JavaScript; the exponent starts at 1e16 and below 1e-4 and has two digits at least. */
function float(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [digits = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const magnitude = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${magnitude}`;
  }
  const all = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${all}`;
  const whole = all.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${all.slice(exponent + 1) || '0'}`;
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What `str.isprintable` denies: the categories "Other" and "Separator", but for the space. */
const ESCAPED = /[\\\p{C}]|(?! )\p{Z}/gu;

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(ESCAPED, sign => NAMED[sign] ?? codePoint(sign.codePointAt(0) ?? 0));
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function codePoint(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
