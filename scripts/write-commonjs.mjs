// CommonJS gets a package's very ES modules, by a `require` of them (Node has that since 22.12): one copy of the code, and one
// class behind each `instanceof`. Writes what the `require` conditions of the package.json in this folder name.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const { import: esm, require: commonjs } of Object.values(exports)) {
  if (commonjs === undefined) continue;
  const module = `./${basename(esm.default)}`;
  writeFileSync(commonjs.default, `module.exports = require('${module}');\n`);
  writeFileSync(commonjs.types, `export * from '${module}';\n`);
}
