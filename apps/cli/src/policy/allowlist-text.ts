import {
  type AllowlistEntry,
  formatAllowlist,
  type HostPattern,
  matchAllowlist,
  parseAllowlist,
} from '@bot-bottle/live-config';
import type { AllowlistLine } from './allowlist-line.js';

/** An allowlist's text after an edit. Comments, order and line ends are the operator's, and stay. */
export interface Edited<T> {
  readonly text: string;
  /** The entries that made a difference. */
  readonly changed: readonly T[];
}

/** Adds lines at the end; one whose host, port and flags an entry says already is left out. Null: no file yet. */
export function addLines(text: string | null, wanted: readonly AllowlistLine[]): Edited<AllowlistLine> {
  const before = text === null || text === formatAllowlist([]) ? '' : text;
  const entries = parseAllowlist(before);
  const changed: AllowlistLine[] = [];
  for (const line of wanted) {
    if (entries.some(entry => says(entry, line.entry))) continue;
    entries.push(line.entry);
    changed.push(line);
  }
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const joint = before === '' || /[\r\n]$/.test(before) ? '' : end;
  return { text: before + joint + changed.map(({ line }) => line + end).join(''), changed };
}

/** Removes every line for exactly this host and port, whatever its flags. */
export function removeLines(text: string, patterns: readonly HostPattern[]): Edited<HostPattern> {
  const removed = new Set<HostPattern>();
  const kept = numbered(text).filter(({ entry }) => {
    const pattern = patterns.find(({ host, port }) => entry?.host === host && entry.port === port);
    if (pattern !== undefined) removed.add(pattern);
    return pattern === undefined;
  });
  const rest = kept.map(({ raw }) => raw).join('');
  // To writeLiveConfig an empty text says to leave the file alone.
  return { text: rest.trim() === '' ? formatAllowlist([]) : rest, changed: [...removed] };
}

/** A line that still lets out what a pattern stands for. */
export interface StillAllowing {
  readonly line: string;
  /** From 1. */
  readonly number: number;
}

/** The first line that takes in the pattern, at any port where that has none; null: none does. */
export function stillAllowing(text: string, { host, port }: HostPattern): StillAllowing | null {
  // Of a pattern, any name below it, so one that has no entry of its own.
  const name = host.startsWith('*.') ? `any-name-of-this-pattern${host.slice(1)}` : host;
  for (const { entry, number } of numbered(text)) {
    if (entry === undefined) continue;
    if (matchAllowlist([entry], name, port ?? entry.port ?? 443).length === 0) continue;
    return { line: formatAllowlist([entry]).trimEnd(), number };
  }
  return null;
}

interface NumberedLine {
  /** With its end. */
  readonly raw: string;
  readonly number: number;
  readonly entry: AllowlistEntry | undefined;
}

function numbered(text: string): NumberedLine[] {
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
  return lines.map((raw, index) => ({ raw, number: index + 1, entry: parseAllowlist(raw)[0] }));
}

function says(entry: AllowlistEntry, wanted: AllowlistEntry): boolean {
  return (
    entry.host === wanted.host &&
    entry.port === wanted.port &&
    (wanted.flags ?? []).every(flag => entry.flags?.includes(flag))
  );
}
