import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { configSchema } from './schema.js';

it('is published as the JSON Schema that an editor reads', () => {
  const published: unknown = JSON.parse(
    readFileSync(join(__dirname, '../../schema/bot-bottle.schema.json'), 'utf8'),
  );
  expect(published).toEqual(toJsonSchema(configSchema, { typeMode: 'input', errorMode: 'ignore' }));
  expect(published).toMatchObject({ type: 'object', additionalProperties: false });
});
