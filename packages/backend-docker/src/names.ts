import { BackendError, type BottleRef, CONTRACT_VERSION } from '@bot-bottle/backend';
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
  /** The agent's name, of its container alone. */
  agent: 'bot-bottle.agent',
} as const;

/** Before the name of each label of the operator's. */
export const OPERATOR_LABEL = 'bot-bottle.label.';

/** Compose's own (docs.docker.com/reference/compose-file, "labels"). */
export const PROJECT_LABEL = 'com.docker.compose.project';

/** docs.docker.com/compose/how-tos/project-name */
const PROJECT = /^[a-z0-9][a-z0-9_-]*$/;

/** As the bottle's record has it. @throws BackendError `bad-spec` where that is no name of a Compose project */
export function projectOf({ identity, project = composeProjectOf(identity) }: BottleRef): string {
  if (PROJECT.test(project)) return project;
  throw new BackendError(
    'bad-spec',
    `${JSON.stringify(project)} is no name of a Compose project; expected a-z, 0-9, "-" and "_", the first a letter or a digit`,
  );
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
