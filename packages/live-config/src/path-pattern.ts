import { LiveConfigError } from './errors.js';

/** The segments of a path pattern, which is written decoded: "%" stands for itself. @throws LiveConfigError `bad-routes` */
export function parsePathPattern(pattern: string): string[] {
  const segments = segmentsOf(pattern, segment => segment);
  if (!segments)
    throw bad('a path pattern begins with "/" and holds no "?", "#", "\\", "//", "." or ".." segment');
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment.includes('*') && segment !== '*' && !(segment === '**' && last)) {
      throw bad('in a path pattern "*" is a whole segment, and "**" the last one');
    }
  }
  return segments;
}

/**
 * Whether a request's path, without its query, fits a pattern. Segments are compared after percent-decoding; a path that two servers
 * could read in two ways (an encoded slash or backslash, a dot segment, an empty segment but the last, a broken escape, a
 * control character) fits no pattern.
 */
export function pathFits(pattern: string, path: string): boolean {
  const wanted = parsePathPattern(pattern);
  const segments = segmentsOf(path, decodeURIComponent);
  if (!segments) return false;
  const open = wanted.at(-1) === '**';
  const fixed = open ? wanted.slice(0, -1) : wanted;
  if (open ? segments.length < fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((segment, i) => (segment === '*' ? segments[i] !== '' : segment === segments[i]));
}

/** The segments; undefined where the path has no one reading. */
function segmentsOf(path: string, decode: (segment: string) => string): string[] | undefined {
  if (!path.startsWith('/') || /[?#\\]/.test(path)) return undefined;
  let segments: string[];
  try {
    segments = path
      .slice(1)
      .split('/')
      .map(segment => decode(segment));
  } catch {
    return undefined;
  }
  const ambiguous = (segment: string, index: number) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    /^\.{1,2}(;|$)|[/\\\u0000-\u001f\u007f]/.test(segment) || (segment === '' && index < segments.length - 1);
  return segments.some(ambiguous) ? undefined : segments;
}

function bad(message: string): LiveConfigError {
  return new LiveConfigError('bad-routes', message);
}
