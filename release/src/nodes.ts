import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of `node` programs that set-up has installed, by major version. @throws Error where one is missing */
export function nodeFolders(repository: string): Record<string, string> {
  const majors: string[] = JSON.parse(readFileSync(join(repository, 'scripts/nodes.json'), 'utf8'));
  return Object.fromEntries(
    majors.map(major => {
      const folder = join(repository, `.tools/nodes/node_modules/node-${major}/bin`);
      if (!existsSync(join(folder, 'node')))
        throw new Error(`no ${folder}/node; expected "npm test" to install it`);
      return [major, folder];
    }),
  );
}
