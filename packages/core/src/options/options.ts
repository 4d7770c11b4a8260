import { ConfigurationError } from '../errors/errors.js';
import { isNameLike, memberPath } from '../errors/shown-name.js';
import { inheritsFromClass, ownMember } from './own-members.js';

/** A check of one option: returns the value to keep, or throws a `ConfigurationError`. */
export type Check<Value> = (value: unknown, name: string) => Value;

type Checked<Checks> = {
  readonly [Name in keyof Checks]: Checks[Name] extends Check<infer Value> ? Value : never;
};

/**
 * Checks an options object once, at construction, and returns a frozen copy. An explicit `undefined` means absent.
 * Unknown keys are refused; the error names the nearest known key, or all known keys when none is near. Only own
 * properties are read. An option that the object's class defines, such as a getter, is refused: if it were ignored
 * silently, the result could be less strict than meant.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_UNKNOWN, ERR_SALLYPORT_OPTION_INVALID
 */
export function check<Checks extends Record<string, Check<unknown>>>(
  owner: string,
  options: object,
  checks: Checks,
): Checked<Checks> {
  if (typeof options !== 'object' || options === null) throw invalid(owner, 'must be an object');
  for (const [index, key] of Object.keys(options).entries()) {
    if (!Object.hasOwn(checks, key)) throw unknownOption(owner, key, index, Object.keys(checks));
  }
  const checked: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(checks)) {
    if (!Object.hasOwn(options, name) && inheritsFromClass(options, name)) {
      throw invalid(`${owner}.${name}`, 'must be a property of the options object itself, not of its class');
    }
    checked[name] = check(ownMember(options as Record<string, unknown>, name), `${owner}.${name}`);
  }
  return Object.freeze(checked) as Checked<Checks>;
}

/** Fills in a default for an absent option. */
export function withDefault<Value>(check: Check<Value>, fallback: Value): Check<Value> {
  return (value, name) => (value === undefined ? fallback : check(value, name));
}

/** Lets an option be absent. */
function orUndefined<Value>(check: Check<Value>): Check<Value | undefined> {
  return (value, name) => (value === undefined ? undefined : check(value, name));
}

// Has another name in this file. The bundler puts it into one file with the operator `optional()` and would rename one
// of the two.
export { orUndefined as optional };

export const text: Check<string> = (value, name) => {
  if (typeof value !== 'string' || value === '') throw invalid(name, 'must be a non-empty string');
  return value;
};

export const flag: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw invalid(name, 'must be true or false');
  return value;
};

/** A number within a closed range; durations and sizes carry their unit in the option's name. */
export function between(least: number, most: number): Check<number> {
  return (value, name) => {
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw invalid(name, `must be a number from ${least} to ${most}`);
    }
    return value;
  };
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Check<Value> {
  return (value, name) => {
    if (!values.includes(value as Value)) throw invalid(name, `must be one of ${values.join(', ')}`);
    return value as Value;
  };
}

export function listOf<Value>(check: Check<Value>): Check<readonly Value[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw invalid(name, 'must be an array');
    return Object.freeze(value.map((item, index) => check(item, `${name}[${index}]`)));
  };
}

/** An object that maps names to values, such as names of handlers to handlers. */
export function namedValues<Value>(check: Check<Value>): Check<Readonly<Record<string, Value>>> {
  return (value, name) => {
    const entries = Object.entries(plainObject(value, name));
    const checked = entries.map(([key, each], index) => [key, check(each, memberPath(name, key, index))] as const);
    return Object.freeze(Object.fromEntries(checked));
  };
}

/** An object that is neither null nor an array. */
export const plainObject: Check<object> = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'must be an object');
  return value;
};

/** One text or a list of them; the result is always a list, never empty. */
export const textOrTexts: Check<readonly string[]> = (value, name) => {
  if (typeof value === 'string' && value !== '') return Object.freeze([value]);
  if (!Array.isArray(value) || value.length === 0)
    throw invalid(name, 'must be a non-empty string, or an array of them');
  return listOf(text)(value, name);
};

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

export function invalid(name: string, rule: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${name} ${rule}`);
}

/** A key that does not look like a name may be a misplaced secret, so the error gives its position instead. */
function unknownOption(owner: string, key: string, index: number, known: readonly string[]): ConfigurationError {
  const hint = nearestHint(key, known) || `; it has ${known.join(', ')}`;
  const problem = isNameLike(key)
    ? `${owner} has no option ${JSON.stringify(key)}`
    : `${owner} has an unknown option in place ${index + 1} that does not look like a name`;
  return new ConfigurationError('ERR_SALLYPORT_OPTION_UNKNOWN', problem + hint);
}

/** `; did you mean …?` with the nearest known name; empty when all differ in more than half of their letters. */
export function nearestHint(name: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
  if (nearest === undefined) return '';
  return distance(name, nearest) > Math.max(name.length, nearest.length) / 2 ? '' : `; did you mean ${nearest}?`;
}

function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
