import base from '../../scripts/jest.base.mjs';

// An engine of the tests' own where none answers: see test/engine.mjs.
export default { ...base, globalSetup: './test/engine.mjs', globalTeardown: './test/engine-stop.mjs' };
