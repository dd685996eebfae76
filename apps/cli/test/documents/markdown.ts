import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const REPOSITORY = join(__dirname, '../../../..');

/** Not ours, or made: what stands there is nobody's document. */
const NOT_LOOKED_INTO = new Set(['node_modules', 'dist', '.git', '.tools', '.turbo', 'coverage']);

/** A fenced block. `words` are those behind the opening fence: the language, and what a test does with it. */
export interface Fence {
  /** `file:line` of the opening fence. */
  readonly place: string;
  readonly words: readonly string[];
  readonly text: string;
}

export interface Document {
  /** From the repository's root. */
  readonly path: string;
  readonly fences: readonly Fence[];
  /** Line by line, empty where a fence stands. */
  readonly prose: readonly string[];
}

/** Every Markdown file of the repository. */
export function allDocuments(): Document[] {
  return [...markdownFiles(REPOSITORY)].map(path => readDocument(relative(REPOSITORY, path)));
}

export function readDocument(path: string): Document {
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { readonly mark: string; readonly line: number; readonly words: string[]; text: string } | null =
    null;
  for (const [index, line] of readFileSync(join(REPOSITORY, path), 'utf8').split('\n').entries()) {
    const [, mark = '', info = ''] = /^\s*(`{3,})(.*)$/.exec(line) ?? [];
    if (open === null && mark !== '') {
      open = { mark, line: index + 1, words: info.split(' ').filter(word => word !== ''), text: '' };
    } else if (open !== null && mark === open.mark && info === '') {
      fences.push({ place: `${path}:${open.line}`, words: open.words, text: open.text });
      open = null;
    } else if (open !== null) open.text += `${line}\n`;
    prose.push(open === null && mark === '' ? line : '');
  }
  if (open !== null) throw new Error(`${path}:${open.line}: the fence has no end`);
  return { path, fences, prose };
}

/** The one fence of a document with these words. */
export function fenceOf(document: Document, ...words: string[]): Fence {
  const [fence, ...others] = document.fences.filter(each => words.every(word => each.words.includes(word)));
  if (fence === undefined || others.length > 0)
    throw new Error(`${document.path}: expected one fence "${words.join(' ')}"`);
  return fence;
}

/** The anchors that GitHub gives a document's headings. */
export function anchorsOf({ prose }: Document): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of prose.map(line => /^#+ (.*)$/.exec(line) ?? [])) {
    const anchor = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-');
    let name = anchor;
    for (let again = 1; anchors.has(name); again++) name = `${anchor}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

function* markdownFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (NOT_LOOKED_INTO.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* markdownFiles(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}
