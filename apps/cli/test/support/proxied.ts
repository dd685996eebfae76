import { type Egress, openEgress } from '@bot-bottle/egress';
import { acquireLease, type Lease } from '@bot-bottle/preserve';
import { auditLog, type BottlePaths } from '@bot-bottle/state-paths';
import type { Operator } from './cli.js';
import { plantLocal } from './records.js';

/** A bottle whose keeper is this process: it holds the lease and runs the proxy, and there is no agent. */
export interface ProxiedBottle {
  readonly paths: BottlePaths;
  readonly egress: Egress;
  close(): Promise<void>;
}

export async function proxiedBottle(operator: Operator, identity: string): Promise<ProxiedBottle> {
  const { paths, lease } = await heldBottle(operator, identity);
  const egress = await openProxy(paths);
  const close = async (): Promise<void> => {
    await egress.close();
    await lease.release();
  };
  return { paths, egress, close };
}

/** One that only starts: it has a keeper, and no proxy yet. */
export async function heldBottle(
  operator: Operator,
  identity: string,
): Promise<{ readonly paths: BottlePaths; readonly lease: Lease }> {
  plantLocal(operator, identity);
  const paths = operator.bottle(identity);
  return { paths, lease: await acquireLease(paths) };
}

export function openProxy(paths: BottlePaths): Promise<Egress> {
  return openEgress({
    bottle: paths.identity,
    liveConfig: paths,
    folder: paths.sidecar('egress'),
    auditFile: auditLog(paths.root, paths.identity, 'egress'),
  });
}
