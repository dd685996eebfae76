import { isJsonObject } from './json.js';
import { FIELDS, type Property } from './schema.js';

/** One place at which a value breaks the schema, as Standard Schema has it. */
export interface Issue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
}

/** Checks the known keys of an object as it lies on disk. Empty when all are well; absent keys are. */
export function issuesOf(stored: unknown): Issue[] {
  if (!isJsonObject(stored)) return [{ message: 'expected an object', path: [] }];
  return FIELDS.flatMap(({ key, property }) =>
    Object.hasOwn(stored, key) ? propertyIssues(stored[key], property, [key]) : [],
  );
}

export function fits(value: unknown, property: Property): boolean {
  return typeof value === 'object'
    ? propertyIssues(value, property).length === 0
    : typeof value === property.type;
}

/** Checks one value. */
export function propertyIssues(
  value: unknown,
  property: Property,
  path: readonly PropertyKey[] = [],
): Issue[] {
  switch (property.type) {
    case 'string':
      return typeof value === 'string' ? [] : [{ message: 'expected a string', path }];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [{ message: 'expected a boolean', path }];
    case 'array':
      if (!Array.isArray(value)) return [{ message: 'expected an array', path }];
      return value.flatMap((item, index) => propertyIssues(item, property.items, [...path, index]));
    case 'object':
      if (!isJsonObject(value)) return [{ message: 'expected an object', path }];
      return Object.entries(value).flatMap(([key, item]) =>
        propertyIssues(item, property.additionalProperties, [...path, key]),
      );
  }
}
