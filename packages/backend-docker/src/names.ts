import { type BottleRef, CONTRACT_VERSION } from '@bot-bottle/backend';
import { composeProjectOf } from '@bot-bottle/identity';

/** The two services of a bottle's project. The agent has the network of its egress container and no other. */
export type Role = 'agent' | 'egress';

/** Whatever bears these is ours, and nothing else is ever touched. */
export const LABELS = {
  identity: 'bot-bottle.identity',
  role: 'bot-bottle.role',
  contract: 'bot-bottle.contract',
  /** The bottle's folder: two roots on one engine may hold one identity. */
  state: 'bot-bottle.state',
} as const;

/** Compose's own (docs.docker.com/reference/compose-file, "labels"). */
export const PROJECT_LABEL = 'com.docker.compose.project';

/** The same that the bottle's record holds as `compose_project`. */
export function projectOf({ identity }: BottleRef): string {
  return composeProjectOf(identity);
}

export function containerOf(ref: BottleRef, role: Role): string {
  return `${projectOf(ref)}-${role}`;
}

export function labelsOf(ref: BottleRef, role: Role): Record<string, string> {
  const { major, minor } = CONTRACT_VERSION;
  return {
    [LABELS.identity]: ref.identity,
    [LABELS.role]: role,
    [LABELS.contract]: `${major}.${minor}`,
    [LABELS.state]: ref.stateFolder,
  };
}
