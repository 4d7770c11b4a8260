import { ConfigurationError } from '@sallyport/core';
import { memberPath, option } from '@sallyport/core/extend';
import type { ParsedText, Place } from '@sallyport/openapi/extend';
import { isWithin, ROOT } from './place.js';

/** What a configuration file says, with its references as they stand there. */
export interface ParsedConfiguration {
  readonly content: object;
  /** The same error with file, line and column in front, if it is about a place of the configuration. */
  located(error: unknown): unknown;
}

/**
 * Parses the text of a configuration file, for tools that look at it. Nothing is resolved, checked or built.
 * @param name the name of the file in errors
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with line and column
 * @example
 * const { content } = await parseConfiguration(await readFile('security.yaml', 'utf8'), 'security.yaml');
 * console.log(Object.keys(content));
 */
export async function parseConfiguration(text: string, name: string): Promise<ParsedConfiguration> {
  return ParsedFile.of(text, name);
}

/** The content of a configuration file, and the line and column of everything in it. */
export class ParsedFile implements ParsedConfiguration {
  readonly content: object;
  readonly #name: string;
  readonly #text: ParsedText;

  private constructor(name: string, text: ParsedText) {
    this.#name = name;
    this.#text = text;
    const { data } = text;
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw option.invalid(at(name, text.placeOf([])), 'must be an object');
    }
    this.content = data;
  }

  /**
   * Parses YAML or JSON. The parser is loaded with the first file.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with line and column
   */
  static async of(text: string, name: string): Promise<ParsedFile> {
    const { ParsedText, UnreadableText } = await import('@sallyport/openapi/extend');
    try {
      return new this(name, await ParsedText.of(text));
    } catch (error) {
      throw error instanceof UnreadableText ? option.invalid(at(name, error.place), error.message) : error;
    }
  }

  /**
   * The same error with file, line and column in front: `security.yaml:12:7 handlers.tokens.options.endpoint must …`.
   * What names no place of the configuration, or has its line already, is returned as it is.
   */
  located(error: unknown): unknown {
    if (!(error instanceof ConfigurationError)) return error;
    const { code, message, option: place } = error;
    if (place === undefined || !isWithin(ROOT, place) || message.startsWith(`${this.#name}:`)) return error;
    const where = at(this.#name, this.#text.placeOf(memberAt(this.content, place, ROOT)));
    const text = message.startsWith(`${ROOT}.`) ? message.slice(ROOT.length + 1) : message;
    return new ConfigurationError(code, `${where} ${text}`, { cause: error, option: place });
  }
}

function at(name: string, { line, column }: Place): string {
  return `${name}:${line}:${column}`;
}

/**
 * The way to the member with the longest name that `place` starts with. Names are built as the checks of options build
 * them. A key may hold dots, so more than one key may fit: the longest name wins.
 */
function memberAt(value: unknown, place: string, name: string): readonly string[] {
  return nearest(value, place, { name, way: [] }).way;
}

interface Found {
  readonly name: string;
  readonly way: readonly string[];
}

function nearest(value: unknown, place: string, found: Found): Found {
  return membersOf(value, found.name)
    .filter(([, name]) => isWithin(name, place))
    .map(([key, name, member]) => nearest(member, place, { name, way: [...found.way, key] }))
    .reduce((longest, other) => (other.name.length > longest.name.length ? other : longest), found);
}

/** The members of a value: the key of each, its name and its value. */
function membersOf(value: unknown, name: string): readonly (readonly [key: string, name: string, member: unknown])[] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), `${name}[${index}]`, item] as const);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([key, member], index) => [key, memberPath(name, key, index), member] as const);
}
