import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from './programs.ts';

export interface Release {
  name: string;
  version: string;
  /** The tarball, as it was published. */
  tarball: string;
}

interface PublishPlan {
  plan: { kind: string; name: string; version: string; tarball: { path: string } }[][];
}

/**
 * The steps of a release, in a repository that is a copy: versions, build, tarballs, registry. `told` hears of each as it begins.
 */
export async function release(
  root: string,
  client: NodeJS.ProcessEnv,
  told: (step: string) => void,
): Promise<Release[]> {
  const changeset = join(root, 'node_modules/.bin/changeset');
  told('versions from the changesets');
  await succeed([process.execPath, join(root, 'release/src/version.ts')], { cwd: root });
  told('build');
  await succeed(
    [join(root, 'node_modules/.bin/turbo'), 'run', 'build', '--filter=./packages/*', '--filter=./apps/*'],
    {
      cwd: root,
    },
  );
  told('tarballs');
  const packed = join(root, '.packed');
  await succeed([changeset, 'pack', '--out-dir', packed], { cwd: root, env: client });
  told('publish');
  await succeed([changeset, 'publish', '--from-pack-dir', packed, '--no-git-tag'], {
    cwd: root,
    env: client,
  });
  const { plan }: PublishPlan = JSON.parse(readFileSync(join(packed, 'publish-plan.json'), 'utf8'));
  return plan
    .flat()
    .filter(({ kind }) => kind === 'publish')
    .map(({ name, version, tarball }) => ({ name, version, tarball: join(packed, tarball.path) }));
}
