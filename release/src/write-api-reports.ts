// Writes each library's API report from what was built, in the repository of the working folder.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { apiReports } from './api-report.ts';

for (const { file, text } of apiReports(process.cwd())) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
