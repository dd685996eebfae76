// What people usually write in place of this package. It meets the same faults in the tests, and does what they say.
import fs from 'node:fs';
import { dirname, join } from 'node:path';

/** Bodies for `onBottle` and `onRoot`. They write by pwrite(2), for a write(2) that fails may hit Node's own threads. */
export const NAIVE = {
  /** Being preserved is a flag of the record. */
  mark: `
    const record = JSON.parse(fs.readFileSync(paths.metadata, 'utf8'));
    fs.writeSync(fs.openSync(paths.metadata, 'w'), JSON.stringify({ ...record, preserved: true }), 0);`,
  clear: 'try { fs.unlinkSync(paths.preserve); } catch {}',
  override: "fs.writeSync(fs.openSync(paths.dockerfile, 'w'), 'FROM new\\n', 0);",
  /** The lease is a file with a process id in it. */
  lock: "fs.writeFileSync(paths.lease, String(process.pid), { flag: 'wx' });",
  snapshot: `
    await fs.promises.rm(paths.transcript, { recursive: true });
    await fs.promises.cp(paths.home, paths.transcript, { recursive: true });`,
  restore: `
    const [from, to] = [paths.transcript, paths.home].map(folder => folder + '/.claude/projects/');
    fs.mkdirSync(to, { recursive: true });
    for (const name of fs.readdirSync(from)) fs.copyFileSync(from + name, to + name);`,
  remove: 'await fs.promises.rm(paths.folder, { recursive: true });',
  /** Looks at the lease and the marker, then removes. */
  sweep: `
    for (const paths of listIdentities(root).map(identity => bottlePaths(root, identity))) {
      const { state } = preserve.readLease(paths);
      if (state === 'alive' || state === 'unknown' || preserve.isPreserved(paths)) continue;
      await delay(1);
      await fs.promises.rm(paths.folder, { recursive: true, force: true });
    }`,
};

/** Lists, then unlinks by path, as fs.rm does; with `statSync`, through links as well. */
export function naiveRemoveTree(folder: string, look: 'lstatSync' | 'statSync' = 'lstatSync'): void {
  for (const name of fs.readdirSync(folder)) {
    const path = join(folder, name);
    if (fs[look](path).isDirectory()) naiveRemoveTree(path, look);
    else fs.unlinkSync(path);
  }
  // As with `force`: what came meanwhile goes too.
  for (const name of fs.readdirSync(folder)) fs.unlinkSync(join(folder, name));
  fs.rmdirSync(folder);
}

export function naiveCopyFile(from: string, to: string): void {
  fs.mkdirSync(dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
}
