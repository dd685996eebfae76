import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allDocuments, anchorsOf, type Document, REPOSITORY, readDocument } from './markdown.js';

/** Packages are read on their registry's pages too, where only a whole address leads into the repository. */
const WHOLE = 'https://github.com/bot-bottle/bot-bottle/blob/main/';

/** Where the document's links lead inside of the repository: `[line, target]`. */
function linksOf({ prose }: Document): [number, string][] {
  return prose.flatMap((line, index) => {
    const targets = [...line.replace(/`[^`]*`/g, '`').matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    );
    return targets.map((target): [number, string] => [index + 1, target]);
  });
}

/** What is wrong with a link; null: nothing, or it leads elsewhere. */
function wrong(path: string, link: string): string | null {
  if (/^[a-z]+:/.test(link) && !link.startsWith(WHOLE)) return null;
  const [target = '', anchor] = link.replace(WHOLE, '').split('#');
  const from = link.startsWith(WHOLE) ? '' : dirname(path);
  const file = target === '' ? path : join(from, target);
  if (!existsSync(join(REPOSITORY, file))) return `there is no ${file}`;
  if (anchor === undefined || /^L\d+$/.test(anchor)) return null;
  return anchorsOf(readDocument(file)).has(anchor) ? null : `${file} has no heading #${anchor}`;
}

describe('the documents', () => {
  const documents = allDocuments();

  it('lead to files and headings that are there', () => {
    const problems = documents.flatMap(document =>
      linksOf(document).flatMap(([line, link]) => {
        const problem = wrong(document.path, link);
        return problem === null ? [] : [`${document.path}:${line}: ${problem}`];
      }),
    );
    expect(problems).toEqual([]);
  });

  it('are all led to: from the root, by one link after the other', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      for (const [, link] of linksOf(readDocument(path))) {
        const [target = ''] = link.replace(WHOLE, '').split('#');
        const file = link.startsWith(WHOLE) ? target : join(dirname(path), target);
        if (target.endsWith('.md') && existsSync(join(REPOSITORY, file))) reached.add(file);
      }
    }
    const docs = documents.map(({ path }) => path).filter(path => /^docs\/[^/]+$/.test(path));
    expect(docs.filter(path => !reached.has(path))).toEqual([]);
  });

  it('would be found wrong by this test, were they', () => {
    expect(wrong('docs/README.md', 'absent.md')).toBe('there is no docs/absent.md');
    expect(wrong('docs/README.md', '../README.md#absent')).toBe('README.md has no heading #absent');
    expect(wrong('docs/README.md', `${WHOLE}absent.md`)).toBe('there is no absent.md');
  });
});
