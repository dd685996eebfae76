// What publint and Are The Types Wrong find in tarballs: node lint-tarball.ts TARBALL ... prints them as JSON, by tarball.
// A program of its own because both are ES modules, which jest does not load.
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const findings: Record<string, string[]> = {};
for (const file of process.argv.slice(2)) {
  const data = new Uint8Array(readFileSync(file));
  const { messages, pkg } = await publint({ pack: { tarball: data.buffer }, strict: true });
  const types = await checkPackage(createPackageFromTarballData(data));
  findings[file] = [
    ...messages.map(message => formatMessage(message, pkg, { color: false }) ?? message.code),
    ...(types.types === false ? [] : types.problems.filter(isOfNow).map(problem => JSON.stringify(problem))),
  ];
}
console.log(JSON.stringify(findings));

/** All but TypeScript's resolution from before `exports` ("node10"), which it deprecates in 6 and lacks in 7. */
function isOfNow(problem: object): boolean {
  return !('resolutionKind' in problem && problem.resolutionKind === 'node10');
}
