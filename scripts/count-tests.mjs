// Adds up what every package's tests counted, names what was skipped, and ends with one line.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './set-up.mjs';

const folders = ['packages', 'apps']
  .flatMap(group => readdirSync(join(root, group)).map(name => join(root, group, name)))
  .concat(join(root, 'release'));
const resultsOf = folder => join(folder, '.test-results/counts.json');
if (process.argv[2] === '--forget') {
  for (const folder of folders) rmSync(resultsOf(folder), { force: true });
  process.exit(0);
}
const partial = process.argv[2] === '--partial';
const counts = { passed: 0, failed: 0, skipped: 0 };
const without = [];
for (const folder of folders) {
  if (!existsSync(join(folder, 'jest.config.mjs'))) continue;
  const file = resultsOf(folder);
  if (!existsSync(file)) {
    if (!partial) without.push(folder.slice(root.length + 1));
    continue;
  }
  const { passed, failed, skipped } = JSON.parse(readFileSync(file, 'utf8'));
  counts.passed += passed;
  counts.failed += failed;
  counts.skipped += skipped.length;
  for (const name of skipped) console.log(`skipped: ${name}`);
}
for (const name of without) console.log(`no result: ${name} (its tests did not run)`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (process.env.CI && counts.skipped > 0) console.log('under CI a skipped test counts as a failure');
process.exit(counts.failed > 0 || without.length > 0 || (process.env.CI && counts.skipped > 0) ? 1 : 0);
