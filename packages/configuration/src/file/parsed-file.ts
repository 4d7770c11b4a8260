import { ConfigurationError } from '@sallyport/core';
import { memberPath, option } from '@sallyport/core/extend';
import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isWithin, ROOT } from './place.js';

/**
 * Tags are off, because they would make sets, dates and bytes. Warnings are not logged, because they would quote the
 * file.
 */
const STRICT = { uniqueKeys: true, prettyErrors: false, resolveKnownTags: false, logLevel: 'error' } as const;

type Library = typeof import('yaml');

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
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #yaml: Library;

  private constructor(name: string, text: string, yaml: Library) {
    this.#name = name;
    this.#yaml = yaml;
    this.#lines = new yaml.LineCounter();
    this.#document = yaml.parseDocument(text, { ...STRICT, lineCounter: this.#lines });
    const problem = this.#document.errors[0] ?? this.#document.warnings[0];
    if (problem !== undefined)
      throw option.invalid(this.#at(problem.pos[0]), `is neither YAML nor JSON: ${problem.code}`);
    this.content = this.#data();
  }

  /**
   * Parses YAML or JSON.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with line and column
   */
  static async of(text: string, name: string): Promise<ParsedFile> {
    return new this(name, text, await import('yaml'));
  }

  /**
   * The same error with file, line and column in front: `security.yaml:12:7 handlers.tokens.options.endpoint must …`.
   * What names no place of the configuration, or has its line already, is returned as it is.
   */
  located(error: unknown): unknown {
    if (!(error instanceof ConfigurationError)) return error;
    const { code, message, option: place } = error;
    if (place === undefined || !isWithin(ROOT, place) || message.startsWith(`${this.#name}:`)) return error;
    const { contents } = this.#document;
    const found = contents && this.#find(contents, place, ROOT, contents.range?.[0] ?? 0);
    const where = this.#at(found?.offset ?? 0);
    const text = message.startsWith(`${ROOT}.`) ? message.slice(ROOT.length + 1) : message;
    return new ConfigurationError(code, `${where} ${text}`, { cause: error, option: place });
  }

  #data(): object {
    let data: unknown;
    try {
      data = this.#document.toJS({ maxAliasCount: 100 });
    } catch {
      throw option.invalid(this.#at(0), 'has aliases that cannot be resolved, or too many of them');
    }
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data;
    throw option.invalid(this.#at(0), 'must be an object');
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#name}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }

  /**
   * The node of the longest name that `place` starts with. Names are built as the checks of options build them. A key
   * may hold dots, so more than one key may fit: the longest name wins.
   */
  #find(node: Node, place: string, name: string, offset: number): { name: string; offset: number } {
    let longest = { name, offset };
    if (place === name) return longest;
    for (const [key, child, at] of this.#membersOf(node, name)) {
      if (!isWithin(key, place)) continue;
      const found = child === undefined ? { name: key, offset: at } : this.#find(child, place, key, at);
      if (found.name.length > longest.name.length) longest = found;
    }
    return longest;
  }

  /** The members of a node: the name of each, its node, and where its key or, in a list, the node itself starts. */
  #membersOf(node: Node, name: string): readonly (readonly [name: string, node: Node | undefined, offset: number])[] {
    const { isAlias, isMap, isNode, isSeq } = this.#yaml;
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    if (isSeq(target)) {
      return target.items.map((item, index) => {
        const child = isNode(item) ? item : undefined;
        return [`${name}[${index}]`, child, child?.range?.[0] ?? 0] as const;
      });
    }
    if (!isMap(target)) return [];
    return target.items.map(({ key, value }: Pair<unknown, unknown>, index) => {
      const keyNode = isNode(key) ? key : undefined;
      const text = String(keyNode?.toJS(this.#document) ?? '');
      return [memberPath(name, text, index), isNode(value) ? value : undefined, keyNode?.range?.[0] ?? 0] as const;
    });
  }
}
