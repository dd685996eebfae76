// Publishes the schema constant as a file, so that an editor or another language can use it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { bottleRecordSchema } from '../dist/codec.js';

const folder = new URL('../schema/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(
  new URL('metadata.schema.json', folder),
  `${JSON.stringify(bottleRecordSchema.jsonSchema, null, 2)}\n`,
);
