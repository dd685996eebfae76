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

/**
 * Of the images that we build. What is made of an image inherits its labels: were they those above, a container that the operator
 * starts from one would be taken for the bottle's.
 */
export const IMAGE_LABELS = {
  identity: 'bot-bottle.image.identity',
  role: 'bot-bottle.image.role',
  contract: 'bot-bottle.image.contract',
  state: 'bot-bottle.image.state',
  /** A digest of what it is made of. */
  contents: 'bot-bottle.image.contents',
} as const;

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

/** `look`: a container that never runs, to look at what its image holds. */
export function labelsOf(ref: BottleRef, role: Role | 'look'): Record<string, string> {
  return {
    [LABELS.identity]: ref.identity,
    [LABELS.role]: role,
    [LABELS.contract]: contract(),
    [LABELS.state]: ref.stateFolder,
  };
}

/** An image of a bottle's own, or one that bottles share. */
export function imageLabelsOf(ref: BottleRef | undefined, contents: string): Record<string, string> {
  return {
    ...(ref === undefined
      ? { [IMAGE_LABELS.role]: 'shared' }
      : {
          [IMAGE_LABELS.role]: 'override',
          [IMAGE_LABELS.identity]: ref.identity,
          [IMAGE_LABELS.state]: ref.stateFolder,
        }),
    [IMAGE_LABELS.contract]: contract(),
    [IMAGE_LABELS.contents]: contents,
  };
}

function contract(): string {
  const { major, minor } = CONTRACT_VERSION;
  return `${major}.${minor}`;
}
