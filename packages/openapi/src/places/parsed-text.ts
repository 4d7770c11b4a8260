import type { Document, LineCounter, Node } from 'yaml';

/** A line and a column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A text that is neither YAML nor JSON. The message holds nothing of the text. */
export class UnreadableText extends Error {
  readonly place: Place;

  constructor(problem: string, place: Place) {
    super(problem);
    this.name = new.target.name;
    this.place = place;
  }
}

/**
 * Tags are off, because they would make sets, dates and bytes. Warnings are not logged, because they would quote the
 * text.
 */
const STRICT = { uniqueKeys: true, prettyErrors: false, resolveKnownTags: false, logLevel: 'error' } as const;

type Library = typeof import('yaml');

/**
 * What YAML or JSON text says, and where everything in it stands.
 * @example
 * const text = await ParsedText.of(await readFile('orders.yaml', 'utf8'));
 * const { line, column } = text.placeOf(['paths', '/orders', 'get']);
 */
export class ParsedText {
  readonly data: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #yaml: Library;

  private constructor(text: string, yaml: Library) {
    this.#yaml = yaml;
    this.#lines = new yaml.LineCounter();
    try {
      this.#document = yaml.parseDocument(text, { ...STRICT, lineCounter: this.#lines });
    } catch (error) {
      // The parser calls itself for each level.
      if (error instanceof RangeError) throw new UnreadableText('is nested too deeply', { line: 1, column: 1 });
      throw error;
    }
    const problem = this.#document.errors[0] ?? this.#document.warnings[0];
    if (problem !== undefined) {
      throw new UnreadableText(`is neither YAML nor JSON: ${problem.code}`, this.#placeAt(problem.pos[0]));
    }
    this.data = this.#content();
  }

  /**
   * Parses YAML or JSON. The parser is loaded with the first text.
   * @throws {UnreadableText}
   */
  static async of(text: string): Promise<ParsedText> {
    return new this(text, await import('yaml'));
  }

  /** Where a member stands: its key or, in a list, the member itself. If it is missing, the place of what should have it. */
  placeOf(names: readonly string[]): Place {
    const { isAlias, isMap, isNode, isSeq } = this.#yaml;
    let node: Node | null | undefined = this.#document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const name of names) {
      const target: unknown = isAlias(node) ? node.resolve(this.#document) : node;
      let next: unknown;
      if (isSeq(target)) {
        next = target.items[Number(name)];
        if (!isNode(next)) break;
        offset = next.range?.[0] ?? offset;
      } else if (isMap(target)) {
        const pair = target.items.find(({ key }) => isNode(key) && String(key.toJS(this.#document)) === name);
        if (pair === undefined || !isNode(pair.key)) break;
        offset = pair.key.range?.[0] ?? offset;
        next = pair.value;
      }
      node = isNode(next) ? next : undefined;
    }
    return this.#placeAt(offset);
  }

  #content(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 100 });
    } catch {
      throw new UnreadableText('has aliases that cannot be resolved, or too many of them', this.#placeAt(0));
    }
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
