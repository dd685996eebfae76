/** Headers of one hop, never passed on (RFC 9110, section 7.6.1), and those that are for a proxy alone. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Names and values in turn, as Node's `rawHeaders`. */
export type RawHeaders = readonly string[];

/** The headers that are for the other end, as they were sent; `without` takes out further ones (in lower case). */
export function endToEnd(raw: RawHeaders, without: readonly string[] = []): string[] {
  const listed = valuesOf(raw, 'connection').flatMap(value => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  const out = [...listed, ...without];
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    // What frames the message stays, whatever a hostile `Connection` lists.
    const lower = name.toLowerCase();
    const goesOn = !HOP_BY_HOP.has(lower) && !out.includes(lower);
    if (goesOn || (lower === 'content-length' && !without.includes(lower))) kept.push(name, value);
  }
  return kept;
}

/** What frames, routes or authenticates a message comes before it (RFC 9110, section 6.5.1), and Node's HTTP/2 throws at some of it. */
const NO_TRAILERS = ['authorization', 'content-length', 'host', 'http2-settings'];

/** The trailers that are for the other end. */
export function endToEndTrailers(raw: RawHeaders): string[] {
  return endToEnd(raw, NO_TRAILERS);
}

/** All values of a header; `name` in lower case. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === name) values.push(raw[i + 1] ?? '');
  }
  return values;
}

/** How the body of a request is framed; undefined: in a way that two servers could read in two ways (RFC 9112, section 6.3). */
export function framingOf(raw: RawHeaders): 'none' | 'length' | 'chunked' | undefined {
  const encodings = valuesOf(raw, 'transfer-encoding');
  const lengths = valuesOf(raw, 'content-length');
  if (encodings.length + lengths.length === 0) return 'none';
  if (encodings.length + lengths.length > 1) return undefined;
  if (encodings[0] !== undefined) return encodings[0].toLowerCase() === 'chunked' ? 'chunked' : undefined;
  return /^\d{1,15}$/.test(lengths[0] ?? '') ? 'length' : undefined;
}

/** Names with their values. */
export function pairsOf(raw: RawHeaders): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    raw[2 * index] ?? '',
    raw[2 * index + 1] ?? '',
  ]);
}

/** Names in lower case; what is repeated, as a list. */
export function toObject(raw: RawHeaders): Record<string, string | string[]> {
  // Without a prototype: `constructor` is a name like any other.
  const object: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairsOf(raw)) {
    const lower = name.toLowerCase();
    const old = object[lower];
    if (Array.isArray(old)) old.push(value);
    else object[lower] = old === undefined ? value : [old, value];
  }
  return object;
}
