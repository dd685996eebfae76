import { loadOwnSettings } from '../config/settings.js';
import { resolveBottle } from './resolve-identity.js';
import { attachAndTell, detachKeysOf } from './session-end.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const detachKeys = detachKeysOf(input, loadOwnSettings(context));
  return attachAndTell(context, { identity: paths.identity, paths }, { detachKeys });
};
