import { type Backend, checkSpec } from '@bot-bottle/backend';
import { readLiveConfig } from '@bot-bottle/live-config';
import { readOverride } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { visibleAgent } from '../keeper/visible-agent.js';
import { notEnforced } from '../keeper/way-out.js';
import { bottleRef } from '../session/bottle-ref.js';
import { bottleSpec } from '../session/bottle-spec.js';
import { SessionError, type SessionErrorDetails } from '../session/errors.js';
import type { LaunchRecord } from '../session/launch-file.js';
import { routedKeys } from '../session/routed-keys.js';
import { messageOf } from '../thrown.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Any port will do: only whether there is a way out is looked at. */
const WAY_OUT = { egress: { port: 3128 }, files: [], env: {} };

/**
 * Whether a backend offers what the bottle is made of: its image, its workspace, its way out, its agent's program. Starts
 * nothing. Throws SessionError 'backend-lacks', 'not-enforced', 'program-missing', 'program-hidden'.
 */
export function checkNeeds(
  paths: BottlePaths,
  launch: LaunchRecord,
  target: Backend,
  env: Environment,
): void {
  const { root, identity, home } = paths;
  if (target.capabilities.network === 'open') throw notEnforced(target.name);
  if (readOverride(paths) !== null && target.builder === undefined) {
    const remedy = `bot-bottle image ${identity} --reset`;
    throw lacks(target, identity, 'it builds no image, and the bottle has a Dockerfile of its own', {
      remedy,
    });
  }
  if (launch.agent.dockerfile !== undefined && target.builder === undefined) {
    throw lacks(
      target,
      identity,
      `it builds no image, and the agent "${launch.agent.name}" has a Dockerfile`,
    );
  }
  const spec = bottleSpec({
    ref: bottleRef(paths, null),
    paths,
    launch,
    labels: {},
    routed: routedKeys(paths),
    env,
    report: null,
    wayOut: reachesAnything(paths) ? WAY_OUT : null,
  });
  try {
    checkSpec(spec, target.capabilities);
  } catch (error) {
    throw lacks(target, identity, messageOf(error), { cause: error });
  }
  visibleAgent(target, launch.agent, { root, workspace: launch.workspace, agentHome: home });
}

/** What cannot be read may well let something out, once it is mended. */
function reachesAnything(paths: BottlePaths): boolean {
  try {
    const { allowlist, routes } = readLiveConfig(paths);
    return (allowlist ?? []).length + (routes ?? []).length > 0;
  } catch {
    return true;
  }
}

function lacks(
  { name }: Backend,
  identity: string,
  what: string,
  details: SessionErrorDetails = {},
): SessionError {
  return new SessionError(
    'backend-lacks',
    `backend "${name}" lacks what ${identity} needs: ${what}`,
    details,
  );
}
