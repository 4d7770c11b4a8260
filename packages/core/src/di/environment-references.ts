import { invalid } from '../options.js';

/** The values that references stand for: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$(\$)?\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME}` in every text of a configuration by the environment variable of that name; `$${` stands for `${`
 * itself. What a variable holds is text and nothing else: it is not parsed.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID naming the place and the variable, never a value
 */
export function withEnvironment(value: unknown, environment: Environment, place: string): unknown {
  if (typeof value === 'string') return substituted(value, environment, place);
  if (Array.isArray(value)) return value.map((item, index) => withEnvironment(item, environment, `${place}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    withEnvironment(item, environment, `${place}.${key}`),
  ]);
  return Object.fromEntries(entries);
}

function substituted(text: string, environment: Environment, place: string): string {
  return text.replace(REFERENCE, (whole, escaped: string | undefined, name: string) => {
    if (escaped !== undefined) return whole.slice(1);
    if (!NAME.test(name)) throw invalid(place, `has a reference that is no name of a variable: ${whole}`);
    const found = environment[name];
    if (found === undefined || found === '') throw invalid(place, `needs the environment variable ${name}`);
    return found;
  });
}
