// Leaves each package's counts where `npm test` adds them up (turbo restores the file from its cache).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export default class ResultsReporter {
  constructor(globalConfig) {
    this.folder = join(globalConfig.rootDir, '.test-results');
  }

  onRunComplete(_contexts, results) {
    mkdirSync(this.folder, { recursive: true });
    const skipped = results.testResults.flatMap(file =>
      file.testResults
        .filter(test => test.status === 'pending' || test.status === 'todo')
        .map(test => test.fullName),
    );
    const { numPassedTests: passed, numFailedTests, numRuntimeErrorTestSuites: broken } = results;
    writeFileSync(
      join(this.folder, 'counts.json'),
      `${JSON.stringify({ passed, failed: numFailedTests + broken, skipped }, null, 2)}\n`,
    );
  }
}
