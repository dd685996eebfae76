import * as v from 'valibot';
import { isMap, isNode, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { CliError } from '../output/errors.js';
import { meantOrExpected } from '../output/nearest.js';
import { edit } from '../output/shell-word.js';
import { messageOf } from '../thrown.js';
import { agentSchema, type ConfigFile, configSchema, limitsSchema } from './schema.js';

type Key = string | number;

const SHOWN_PROBLEMS = 10;
const SHOWN_CHARACTERS = 60;

/** A configuration file with the place of each of its keys, for later complaints about them. */
export interface ReadConfig {
  readonly file: string;
  readonly config: ConfigFile;
  /** `file:line:column` of the key at this path. */
  where(...path: readonly Key[]): string;
}

/** Reads YAML 1.2 and checks it. @throws CliError `bad-config` with the line and the column of each problem */
export function parseConfig(text: string, file: string): ReadConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) {
    const fact = broken.message.split('\n', 1)[0] ?? broken.code;
    throw new CliError('bad-config', `${place(broken.pos[0])}: no valid YAML: ${fact}`, {
      try: edit(file),
    });
  }
  const where = (...path: readonly Key[]): string => place(offsetOf(document.contents, path, 'key'));
  // An empty file, or one of comments alone, says nothing.
  const result = v.safeParse(configSchema, toPlain(document, file) ?? {});
  if (result.success) return { file, config: result.output, where };

  const problems = result.issues.map(issue => {
    const path = (issue.path ?? []).map(item => (typeof item.key === 'number' ? item.key : String(item.key)));
    const unknown = issue.expected === 'never';
    return `${place(offsetOf(document.contents, path, unknown ? 'key' : 'value'))}: ${
      unknown ? unknownKey(path) : problem(path, issue)
    }`;
  });
  const [first = 'not valid', ...others] = problems.slice(0, SHOWN_PROBLEMS);
  throw new CliError('bad-config', first, { details: others, try: edit(file) });
}

function toPlain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Aliases that would unfold without end ("billion laughs").
    throw new CliError('bad-config', `${file}: ${messageOf(cause)}`, {
      cause,
      try: edit(file),
    });
  }
}

function problem(path: readonly Key[], issue: v.BaseIssue<unknown>): string {
  const name = path.length === 0 ? 'the file' : path.join('.');
  // The schema's own messages begin with "expected"; valibot's are replaced by what they stand on.
  const expected = issue.message.startsWith('expected')
    ? issue.message
    : `expected ${issue.expected ?? 'another value'}`;
  return `${name} is ${shortened(issue.received)}; ${expected}`;
}

function shortened(value: string): string {
  return value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}...` : value;
}

function unknownKey(path: readonly Key[]): string {
  const key = String(path.at(-1));
  const known = knownKeys(path);
  return `unknown key "${key}"; ${meantOrExpected(key, known)}`;
}

function knownKeys(path: readonly Key[]): readonly string[] {
  if (path.length === 1) return Object.keys(configSchema.pipe[0].entries);
  return Object.keys((path[0] === 'limits' ? limitsSchema : agentSchema).entries);
}

/** Where in the text the key at `path`, or its value, starts; the nearest place above it where it is not there. */
function offsetOf(root: Node | null, path: readonly Key[], part: 'key' | 'value'): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const [index, key] of path.entries()) {
    const pair = isMap(node) ? node.items.find((item: Pair) => keyOf(item) === String(key)) : undefined;
    const next: unknown = pair?.value ?? (isNode(node) && 'get' in node ? node.get(key, true) : undefined);
    const last = index === path.length - 1;
    const shown = last && part === 'key' && pair !== undefined ? pair.key : next;
    if (isNode(shown)) offset = shown.range?.[0] ?? offset;
    node = next;
  }
  return offset;
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}
