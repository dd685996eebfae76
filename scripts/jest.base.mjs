// The one jest configuration. Packages are tested from source (mapped below), so a unit test needs no build;
// a test that needs real processes runs the built files, which turbo builds first.
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const reporter = fileURLToPath(new URL('./jest-reporter.mjs', import.meta.url));

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: {
    '^@bot-bottle/([a-z-]+)$': `${packages}$1/src/index.ts`,
    '^@bot-bottle/([a-z-]+)/([a-z-]+)$': `${packages}$1/src/$2.ts`,
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 180_000,
  maxWorkers: 2,
  // Milliseconds that a worker gets to end. It leaves no handle open, but to free half a gigabyte (measured: 594 MB of
  // packages/egress) takes a busy machine longer than jest's 500; one that hangs is told of all the same.
  workerGracefulExitTimeout: 10_000,
  reporters: ['default', reporter],
};
