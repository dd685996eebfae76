export { type FakeClock, fakeClock } from './fake-clock.js';
export { describeWith, requireTool } from './require-tool.js';
export { temporaryFolder } from './temporary-folder.js';
