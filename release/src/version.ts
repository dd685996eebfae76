// Gives versions by the changesets, in the repository of the working folder: node release/src/version.ts. Beyond `changeset version`,
// it releases what has a released package built in, takes the examples along, and keeps each released package's API report.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leftBehind } from './built-in.ts';
import { succeed } from './programs.ts';
import { publishedPackages } from './workspace.ts';

const root = process.cwd();
const before = new Map(publishedPackages(root).map(({ name, manifest }) => [name, manifest.version]));

await applyChangesets();
for (let behind = findBehind(); behind.length > 0; behind = findBehind()) {
  for (const { name } of behind) {
    const file = `.changeset/built-in-${name.replace(/\W+/g, '-')}.md`;
    writeFileSync(
      join(root, file),
      `---\n"${name}": patch\n---\n\nHas the newest of the packages that are built in.\n`,
    );
  }
  await applyChangesets();
}
updateExamples();
keepReports();

/** Without a changeset there is nothing to give: what stands in the repository may be a release already. */
async function applyChangesets(): Promise<void> {
  if (!readdirSync(join(root, '.changeset')).some(name => name.endsWith('.md'))) return;
  await succeed([join(root, 'node_modules/.bin/changeset'), 'version'], { cwd: root });
}

function findBehind() {
  return leftBehind(publishedPackages(root), before);
}

/** They are no part of the workspace: they depend on what is published. */
function updateExamples(): void {
  const versions = new Map(publishedPackages(root).map(({ name, manifest }) => [name, manifest.version]));
  for (const name of readdirSync(join(root, 'examples'))) {
    const file = join(root, 'examples', name, 'package.json');
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8').replace(
      /"(@?bot-bottle[^"]*)": "\^[^"]*"/g,
      (line, dependency: string) => {
        const version = versions.get(dependency);
        return version === undefined ? line : `"${dependency}": "^${version}"`;
      },
    );
    writeFileSync(file, text);
  }
}

/** The next release's API is compared with this one's. */
function keepReports(): void {
  for (const { name, folder, manifest } of publishedPackages(root)) {
    const api = join(folder, 'api');
    if (before.get(name) === manifest.version || !existsSync(api)) continue;
    for (const file of readdirSync(api).filter(one => one.endsWith('.d.ts'))) {
      cpSync(join(api, file), join(api, 'released', file));
    }
  }
}
