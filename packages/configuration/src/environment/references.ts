import { resolve } from 'node:path';
import { memberPath, option, shownName } from '@sallyport/core/extend';
import type { SourceFiles } from '../file/source-files.js';

/** The values of references: `process.env`, or an object of a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the values of references come from. */
export interface ReferenceSources {
  readonly environment: Environment;
  /** The base of relative paths. */
  readonly directory: string;
  readonly files: SourceFiles;
}

/** `$${`, or a reference; also a reference without a closing brace. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FILE = 'file:';

/**
 * Replaces references in every text of a configuration: `${NAME}` by the environment variable of that name,
 * `${file:path}` by the text of a file without its last line break. `$${` stands for `${` itself. What a variable or a
 * file holds stays text: it is not parsed, and no reference is looked for in it.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID naming the place and the file, or every variable that is missing,
 *   never a value
 */
export function withReferences(value: unknown, sources: ReferenceSources, place: string): unknown {
  const missing = new Map<string, string>();
  const complete = resolved(value, { ...sources, missing }, place, 0);
  const [first, ...others] = missing;
  if (first === undefined) return complete;
  const [name, needing] = first;
  const more = others.length === 0 ? '' : `; missing as well: ${others.map(([other]) => other).join(', ')}`;
  throw option.invalid(needing, `needs the environment variable ${name}${more}`);
}

/** The same, and the variables that were not found: by the name that is shown, where the first reference stands. */
interface Resolving extends ReferenceSources {
  readonly missing: Map<string, string>;
}

/** Deeper nesting comes from an alias or from an object that contains itself. */
const MAX_DEPTH = 64;

function resolved(value: unknown, sources: Resolving, place: string, depth: number): unknown {
  if (typeof value === 'string') return substituted(value, sources, place);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH)
    throw option.invalid(`${place.slice(0, 60)}…`, `is nested deeper than ${MAX_DEPTH} levels, or holds itself`);
  const member = (item: unknown, where: string) => resolved(item, sources, where, depth + 1);
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

function substituted(text: string, sources: Resolving, place: string): string {
  return text.replace(REFERENCE, (whole, name: string | undefined, end: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    if (end !== undefined && name.startsWith(FILE) && name !== FILE)
      return fileText(name.slice(FILE.length), sources, place);
    // The text may be part of a secret, so the error does not quote it.
    if (end === undefined || !NAME.test(name))
      throw option.invalid(place, 'has a reference that is no name of a variable in braces');
    return variable(name, sources, place);
  });
}

/** Nothing for a variable that is missing: there will be no configuration. */
function variable(name: string, { environment, missing }: Resolving, place: string): string {
  const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (typeof found === 'string' && found !== '') return found;
  if (!missing.has(shownName(name))) missing.set(shownName(name), place);
  return '';
}

/** The error does not name the path: what stands in its place may be a secret. */
function fileText(path: string, { directory, files }: ReferenceSources, place: string): string {
  const text = files.secret(resolve(directory, path), place, 'refers to a file that ').replace(/\r?\n$/, '');
  if (text === '') throw option.invalid(place, 'refers to a file that is empty');
  return text;
}
