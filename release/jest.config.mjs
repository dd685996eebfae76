import base from '../scripts/jest.base.mjs';

// One release for all of the tests here.
export default { ...base, globalSetup: './test/set-up.ts', globalTeardown: './test/tear-down.ts' };
