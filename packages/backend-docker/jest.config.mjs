import { composePluginFor } from '../../scripts/compose-plugin.mjs';
import base from '../../scripts/jest.base.mjs';

Object.assign(process.env, composePluginFor(process.env));

// An engine of the tests' own where none answers.
export default { ...base, globalSetup: './test/engine-start.ts', globalTeardown: './test/engine-stop.ts' };
