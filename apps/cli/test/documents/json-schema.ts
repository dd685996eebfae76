/** As much of JSON Schema (2020-12) as the published schemas use. A keyword that this does not know is an error, never passed over. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

type Rule = (value: unknown, argument: never, schema: Schema, at: string) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const say = (fits: boolean, problem: string) => (fits ? [] : [problem]);
/** A rule for one type says nothing of values of another. */
const unless = (problem: boolean, text: string) => say(!problem, text);

const RULES: Readonly<Record<string, Rule>> = {
  type: (value, type: string, _schema, at) =>
    say(type === typeOf(value) || (type === 'integer' && Number.isInteger(value)), `${at}: no ${type}`),
  properties: (value, properties: Record<string, Schema>, _schema, at) =>
    Object.entries(properties).flatMap(([key, schema]) =>
      isObject(value) && Object.hasOwn(value, key) ? problemsOf(value[key], schema, `${at}.${key}`) : [],
    ),
  propertyNames: (value, schema: Schema, _schema, at) =>
    isObject(value) ? Object.keys(value).flatMap(key => problemsOf(key, schema, `${at}.${key}`)) : [],
  additionalProperties: (value, schema: Schema | boolean, { properties = {} }, at) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([key]) => !Object.hasOwn(properties as object, key))
      .flatMap(([key, item]) =>
        typeof schema === 'boolean'
          ? say(schema, `${at}.${key}: unknown`)
          : problemsOf(item, schema, `${at}.${key}`),
      ),
  required: (value, keys: string[], _schema, at) =>
    keys.flatMap(key => unless(isObject(value) && !Object.hasOwn(value, key), `${at}.${key}: absent`)),
  items: (value, schema: Schema, _schema, at) =>
    Array.isArray(value) ? value.flatMap((item, index) => problemsOf(item, schema, `${at}[${index}]`)) : [],
  anyOf: (value, schemas: Schema[], _schema, at) =>
    say(
      schemas.some(schema => problemsOf(value, schema, at).length === 0),
      `${at}: fits none of ${schemas.length}`,
    ),
  enum: (value, values: unknown[], _schema, at) => say(values.includes(value), `${at}: none of ${values}`),
  const: (value, only: unknown, _schema, at) => say(value === only, `${at}: not ${only}`),
  pattern: (value, pattern: string, _schema, at) =>
    unless(typeof value === 'string' && !new RegExp(pattern, 'u').test(value), `${at}: not like ${pattern}`),
  minLength: (value, least: number, _schema, at) =>
    unless(typeof value === 'string' && value.length < least, `${at}: shorter than ${least}`),
  minItems: (value, least: number, _schema, at) =>
    unless(Array.isArray(value) && value.length < least, `${at}: fewer than ${least}`),
  minimum: (value, least: number, _schema, at) =>
    unless(typeof value === 'number' && value < least, `${at}: below ${least}`),
  exclusiveMinimum: (value, bound: number, _schema, at) =>
    unless(typeof value === 'number' && value <= bound, `${at}: not above ${bound}`),
};
const SAY_NOTHING = new Set(['$schema', '$id', 'title', 'description', 'default', 'examples']);

/** Where and how a value does not fit; empty: it fits. */
export function problemsOf(value: unknown, schema: Schema, at = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (SAY_NOTHING.has(keyword)) return [];
    const rule = RULES[keyword];
    if (rule === undefined) throw new Error(`a JSON Schema uses "${keyword}"; teach it to ${__filename}`);
    return rule(value, argument as never, schema, at);
  });
}
