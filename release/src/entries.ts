import { publishedPackages } from './workspace.ts';

/** What can be imported of packages, such as `@bot-bottle/metadata` and `@bot-bottle/metadata/codec`: code, not files of JSON. */
export function entriesOf(root: string, among: readonly { name: string }[]): string[] {
  return publishedPackages(root)
    .filter(({ name }) => among.some(one => one.name === name))
    .flatMap(({ name, manifest }) =>
      Object.keys(manifest.exports ?? {})
        .filter(path => !path.endsWith('.json'))
        .map(path => name + path.slice(1)),
    );
}
