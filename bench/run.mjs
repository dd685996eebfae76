// `npm run bench [NAME…]`: every benchmark, or those named, one after another.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const all = ['mint', 'durable-write', 'list', 'cli-startup', 'install', 'session', 'egress', 'docker'];
const flags = process.argv.slice(2).filter(argument => argument.startsWith('-'));
const named = process.argv.slice(2).filter(argument => !argument.startsWith('-'));
const unknown = named.filter(name => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark "${unknown.join('", "')}"; expected: ${all.join(', ')}`);
  process.exit(2);
}
let failed = 0;
for (const name of named.length > 0 ? named : all) {
  const file = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  if (spawnSync(process.execPath, ['--expose-gc', file, ...flags], { stdio: 'inherit' }).status !== 0)
    failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
