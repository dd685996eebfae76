import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { problemsOf, type Schema } from './json-schema.js';
import { allDocuments, type Fence, REPOSITORY } from './markdown.js';

/** What a fence says that it holds, behind its language. */
const SCHEMAS: Readonly<Record<string, string>> = {
  'metadata.json': 'packages/metadata/schema/metadata.schema.json',
  'bot-bottle.yaml': 'apps/cli/schema/bot-bottle.schema.json',
};

function schemaOf(name: string): Schema {
  return JSON.parse(readFileSync(join(REPOSITORY, SCHEMAS[name] ?? ''), 'utf8'));
}

/** A fence of JSON lines is one value a line. */
function valuesOf({ words: [language], text }: Fence): unknown[] {
  if (language === 'yaml') return [parse(text)];
  return (language === 'jsonl' ? text.trim().split('\n') : [text]).map(part => JSON.parse(part));
}

/** An editor's hint in the text says it too. */
function schemaNameOf({ words, text }: Fence): string | undefined {
  return (
    words.find(word => word in SCHEMAS) ??
    (/\$schema=.*bot-bottle\.schema\.json$/m.test(text) ? 'bot-bottle.yaml' : undefined)
  );
}

function problems(fence: Fence): string[] {
  try {
    const values = valuesOf(fence);
    const name = schemaNameOf(fence);
    return name === undefined ? [] : values.flatMap(value => problemsOf(value, schemaOf(name)));
  } catch (error) {
    return [String(error)];
  }
}

const fence = (text: string, ...words: string[]): Fence => ({ place: 'test', words, text });

describe("the documents' examples", () => {
  const examples = allDocuments()
    .flatMap(document => document.fences)
    .filter(({ words: [language = ''] }) => ['json', 'jsonl', 'yaml'].includes(language));

  it('parse, and fit the published JSON Schema of what they show', () => {
    expect(examples.flatMap(each => problems(each).map(text => `${each.place}: ${text}`))).toEqual([]);
  });

  it('say of each record and configuration what it is', () => {
    const looks = (text: string) => /"agent_name"|^agents:|^backends:|^limits:/m.test(text);
    const unmarked = examples.filter(each => looks(each.text) && schemaNameOf(each) === undefined);
    expect(unmarked.map(({ place }) => place)).toEqual([]);
    for (const name of Object.keys(SCHEMAS))
      expect(examples.some(each => schemaNameOf(each) === name)).toBe(true);
  });

  it.each([
    [fence('{', 'json'), /SyntaxError/],
    [fence('{"identity": 1}', 'json', 'metadata.json'), /\$\.identity: no string/],
    [fence('{"labels": {"a": 1}}', 'json', 'metadata.json'), /\$\.labels\.a: no string/],
    [fence('agent: {}', 'yaml', 'bot-bottle.yaml'), /\$\.agent: unknown/],
    [fence('limits: { cpus: 0 }', 'yaml', 'bot-bottle.yaml'), /\$\.limits\.cpus/],
  ])('would be found wrong by this test, were they: %j', (wrong, problem) => {
    expect(problems(wrong).join('\n')).toMatch(problem);
  });
});
