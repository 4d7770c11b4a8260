import { memberPath } from '../errors/shown-name.js';
import { type Check, invalid, type Schema, withSchema } from './check.js';

export { type Check, invalid, nearestHint, type Schema, withDefault, withSchema } from './check.js';
export { byMember, byValue, type Forms, refined } from './choice.js';
export {
  type Given,
  group,
  type Kept,
  type Members,
  merged,
  type Table,
  type TableOf,
  table,
  withDefaults,
  without,
} from './table.js';

/** Lets an option be absent. */
function orUndefined<Kept, Given>(check: Check<Kept, Given>): Check<Kept | undefined, Given | undefined> {
  return withSchema(check.schema, (value, name) => (value === undefined ? undefined : check(value, name)), true);
}

// Has another name in this file. The bundler puts it into one file with the operator `optional()` and would rename one
// of the two.
export { orUndefined as optional };

const TEXT: Schema = { type: 'string', minLength: 1 };

export const text: Check<string> = withSchema(TEXT, (value, name) => {
  if (typeof value !== 'string' || value === '') throw invalid(name, 'must be a non-empty string');
  return value;
});

export const flag: Check<boolean> = withSchema({ type: 'boolean' }, (value, name) => {
  if (typeof value !== 'boolean') throw invalid(name, 'must be true or false');
  return value;
});

/** A number within a closed range; durations and sizes carry their unit in the option's name. */
export function between(least: number, most: number): Check<number> {
  return withSchema({ type: 'number', minimum: least, maximum: most }, (value, name) => {
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw invalid(name, `must be a number from ${least} to ${most}`);
    }
    return value;
  });
}

/** A whole number within a closed range. */
export function wholeBetween(least: number, most: number): Check<number> {
  const inRange = between(least, most);
  return withSchema({ type: 'integer', minimum: least, maximum: most }, (value, name) => {
    const number = inRange(value, name);
    if (!Number.isInteger(number)) throw invalid(name, 'must be a whole number');
    return number;
  });
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Check<Value> {
  return withSchema({ type: 'string', enum: values }, (value, name) => {
    if (!values.includes(value as Value)) throw invalid(name, `must be one of ${values.join(', ')}`);
    return value as Value;
  });
}

export function listOf<Kept, Given>(check: Check<Kept, Given>): Check<readonly Kept[], readonly Given[]> {
  const { schema } = check;
  return withSchema(schema && { type: 'array', items: schema }, (value, name) => {
    if (!Array.isArray(value)) throw invalid(name, 'must be an array');
    return Object.freeze(value.map((item, index) => check(item, `${name}[${index}]`)));
  });
}

/** An object that maps names to values, such as names of handlers to handlers. */
export function namedValues<Kept, Given>(
  check: Check<Kept, Given>,
): Check<Readonly<Record<string, Kept>>, Readonly<Record<string, Given>>> {
  const { schema } = check;
  return withSchema(schema && { type: 'object', additionalProperties: schema }, (value, name) => {
    const entries = Object.entries(plainObject(value, name));
    const checked = entries.map(([key, each], index) => [key, check(each, memberPath(name, key, index))] as const);
    return Object.freeze(Object.fromEntries(checked));
  });
}

/** An object that is neither null nor an array. */
export const plainObject: Check<object> = withSchema({ type: 'object' }, (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'must be an object');
  return value;
});

/** One text or a list of them; the result is always a list, never empty. */
export const textOrTexts: Check<readonly string[], string | readonly string[]> = withSchema(
  { anyOf: [TEXT, { type: 'array', items: TEXT, minItems: 1 }] },
  (value, name) => {
    if (typeof value === 'string' && value !== '') return Object.freeze([value]);
    if (!Array.isArray(value) || value.length === 0)
      throw invalid(name, 'must be a non-empty string, or an array of them');
    return listOf(text)(value, name);
  },
);

/** Some of these texts: one, or a list of them. The result is always a list, never empty. */
export function someOf<const Value extends string>(
  ...values: readonly Value[]
): Check<readonly Value[], Value | readonly Value[]> {
  const one: Schema = { type: 'string', enum: values };
  const isKnown = (each: string): each is Value => values.includes(each as Value);
  return withSchema({ anyOf: [one, { type: 'array', items: one, minItems: 1 }] }, (value, name) => {
    const list = textOrTexts(value, name);
    if (!list.every(isKnown)) throw invalid(name, `must be some of ${values.join(', ')}`);
    return list;
  });
}

/** An object or function with the named methods. The check of a collaborator. */
export function having<Value>(...methods: readonly (keyof Value & string)[]): Check<Value> {
  return (value, name) => {
    const holder = value as Record<string, unknown> | null | undefined;
    for (const method of methods) {
      if (typeof holder?.[method] !== 'function') throw invalid(name, `must have a method ${method}()`);
    }
    return value as Value;
  };
}

export function callable<Value extends (...args: never[]) => unknown>(): Check<Value> {
  return (value, name) => {
    if (typeof value !== 'function') throw invalid(name, 'must be a function');
    return value as Value;
  };
}

/** Takes the value as it is: for nested structures that have a check of their own. */
export function unchecked<Value>(): Check<Value> {
  return (value) => value as Value;
}
