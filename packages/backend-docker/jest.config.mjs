import base from '../../scripts/jest.base.mjs';

// An engine of the tests' own where none answers.
export default { ...base, globalSetup: './test/engine-start.ts', globalTeardown: './test/engine-stop.ts' };
