import { memberPath, option, shownName } from '@sallyport/core/extend';

/** The values of references: `process.env`, or an object of a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${`, or a reference; also a reference without a closing brace. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME}` in every text of a configuration by the environment variable of that name; `$${` stands for `${`
 * itself. The value of a variable stays text: it is not parsed.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID naming the place and the variable, never a value
 */
export function withEnvironment(value: unknown, environment: Environment, place: string): unknown {
  return resolved(value, environment, place, 0);
}

/** Deeper nesting comes from an alias or from an object that contains itself. */
const MAX_DEPTH = 64;

function resolved(value: unknown, environment: Environment, place: string, depth: number): unknown {
  if (typeof value === 'string') return substituted(value, environment, place);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH)
    throw option.invalid(`${place.slice(0, 60)}…`, `is nested deeper than ${MAX_DEPTH} levels, or holds itself`);
  const member = (item: unknown, where: string) => resolved(item, environment, where, depth + 1);
  if (Array.isArray(value)) return value.map((item, index) => member(item, `${place}[${index}]`));
  if (!isPlain(value)) throw option.invalid(place, 'must be data: an instance of a class is none');
  return Object.fromEntries(
    Object.entries(value).map(([key, item], index) => [key, member(item, memberPath(place, key, index))]),
  );
}

/** False for maps, sets and the like: their content is not in properties of their own and would be lost silently. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function substituted(text: string, environment: Environment, place: string): string {
  return text.replace(REFERENCE, (whole, name: string | undefined, end: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    // The text may be part of a secret, so the error does not quote it.
    if (end === undefined || !NAME.test(name))
      throw option.invalid(place, 'has a reference that is no name of a variable in braces');
    const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (typeof found !== 'string' || found === '')
      throw option.invalid(place, `needs the environment variable ${shownName(name)}`);
    return found;
  });
}
