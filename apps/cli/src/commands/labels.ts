import { usageError } from '../output/errors.js';

/** `K=V` texts as a record; the last of a key wins. @throws CliError `usage` */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map(text => {
      const at = text.indexOf('=');
      if (at < 1) throw usageError(`label "${text}" is not usable; expected KEY=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
