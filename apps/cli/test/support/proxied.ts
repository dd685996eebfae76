import { type Egress, openEgress } from '@bot-bottle/egress';
import { acquireLease } from '@bot-bottle/preserve';
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
  plantLocal(operator, identity);
  const paths = operator.bottle(identity);
  const lease = await acquireLease(paths);
  const egress = await openEgress({
    bottle: identity,
    liveConfig: paths,
    folder: paths.sidecar('egress'),
    auditFile: auditLog(operator.root, paths.identity, 'egress'),
  });
  const close = async (): Promise<void> => {
    await egress.close();
    await lease.release();
  };
  return { paths, egress, close };
}
