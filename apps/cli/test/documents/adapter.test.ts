import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fenceOf, REPOSITORY, readDocument } from './markdown.js';

// That they do what the document says is shown with published packages: release/test/backend-adapter.test.ts.
it.each(['tiny.mjs', 'tiny.test.mjs'])('docs/writing-a-backend.md shows %s of the example as it is', name => {
  const shown = fenceOf(readDocument('docs/writing-a-backend.md'), `file=${name}`).text;
  expect(shown).toBe(readFileSync(join(REPOSITORY, 'examples/backend-adapter', name), 'utf8'));
});
