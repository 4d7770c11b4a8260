import { memberPath, option, shownName } from '@sallyport/core/extend';

/** The values that references stand for: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An escaped brace, or a reference; one without an end is found as well. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME}` in every text of a configuration by the environment variable of that name; `$${` stands for `${`
 * itself. What a variable holds is text and nothing else: it is not parsed.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID naming the place and the variable, never a value
 */
export function withEnvironment(value: unknown, environment: Environment, place: string): unknown {
  return resolved(value, environment, place, 0);
}

/** Deeper is no configuration, but an alias or an object that holds itself. */
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

/** Maps, sets and the like have no members of their own, so whatever they hold would be lost in silence. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function substituted(text: string, environment: Environment, place: string): string {
  return text.replace(REFERENCE, (whole, name: string | undefined, end: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    // What was taken for a reference may be part of a secret, so it is not quoted.
    if (end === undefined || !NAME.test(name))
      throw option.invalid(place, 'has a reference that is no name of a variable in braces');
    const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (typeof found !== 'string' || found === '')
      throw option.invalid(place, `needs the environment variable ${shownName(name)}`);
    return found;
  });
}
