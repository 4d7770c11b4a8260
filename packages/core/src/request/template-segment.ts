import { UnfitRequestError } from '../verdict/unfit-request.js';

/** A path of whose parameters routers could read different values. */
export class AmbiguousPathError extends UnfitRequestError {
  constructor() {
    super('unroutable', 'path_parameters_ambiguous');
  }
}

/**
 * One segment of a path template: `{id}.json` has the literals '' and '.json', with one parameter between them. A
 * parameter is never empty.
 *
 * Routers read a segment in different ways. They compare it as it was sent, decoded but for reserved characters (RFC 3986
 * 2.2), or folded: decoded completely, and without regard to case.
 */
export class TemplateSegment {
  readonly names: readonly string[];
  readonly #written: readonly string[];
  readonly #decoded: readonly string[];
  readonly #folded: readonly string[];

  /** `literals` has one text more than `names`. Throws if their percent-encoding cannot be read. */
  constructor(literals: readonly string[], names: readonly string[]) {
    this.names = names;
    this.#written = literals;
    this.#decoded = unlessSame(literals.map(decodeURI), literals);
    this.#folded = unlessSame(literals.map(folded), literals);
  }

  get isLiteral(): boolean {
    return this.names.length === 0;
  }

  /** That of a slash at the end of a template. */
  get isEmpty(): boolean {
    return this.isLiteral && this.#written[0] === '';
  }

  /** The literals, folded; the same for all segments that match the same texts. */
  get literals(): readonly string[] {
    return this.#folded;
  }

  /** Whether a folded text can differ from what this segment matches as it is written. */
  get isSpeltOddly(): boolean {
    return this.#folded !== this.#written;
  }

  /** Whether it matches a segment that was decoded but for reserved characters. */
  matches(decoded: string): boolean {
    return fits(this.#decoded, decoded);
  }

  /** Whether it matches a folded segment. */
  matchesFolded(text: string): boolean {
    return fits(this.#folded, text);
  }

  /** Whether it matches a segment as it was sent: with the literals as they are written, or in their usual encoding. */
  matchesAsSent(sent: string): boolean {
    if (fits(this.#written, sent)) return true;
    const text = upperDigits(sent);
    return fits(this.#written.map(upperDigits), text) || fits(this.#decoded.map(encodeURI), text);
  }

  /**
   * The values of the parameters in a segment as it was sent, decoded; undefined if it does not match, whatever its case.
   * @throws {AmbiguousPathError} if there are others as well, such as of `{a}-{b}` in `1-2-3`
   */
  valuesIn(sent: string): readonly string[] | undefined {
    const text = folded(sent);
    if (!fits(this.#folded, text)) return undefined;
    const ends = literalsFromLeft(this.#folded, text);
    const others = literalsFromRight(this.#folded, text);
    if (ends.some((end, index) => end !== others[index])) throw new AmbiguousPathError();
    const decoded = decodeURIComponent(sent);
    const startOf = (index: number): number => (ends[index] as number) - (this.#folded[index] as string).length;
    return this.names.map((_, index) => decoded.slice(ends[index], startOf(index + 1)));
  }

  /** Whether both match some folded text. */
  overlaps(other: TemplateSegment): boolean {
    const [literals, others] = [this.#folded, other.#folded];
    if (this.isLiteral) return fits(others, literals[0] as string);
    if (other.isLiteral) return fits(literals, others[0] as string);
    // Between the first and the last literal, each may have whatever the other wants.
    return (
      areAlike(literals[0], others[0], (long, short) => long.startsWith(short)) &&
      areAlike(literals.at(-1), others.at(-1), (long, short) => long.endsWith(short))
    );
  }

  /** Whether both match the same segments of the same case. */
  isWrittenAs(other: TemplateSegment): boolean {
    return areEqual(this.#decoded, other.#decoded);
  }

  /** Whether both match the same folded texts. */
  equals(other: TemplateSegment): boolean {
    return areEqual(this.#folded, other.#folded);
  }
}

/** A text decoded completely, and without regard to case. Its length is that of the decoded text. */
export function folded(text: string): string {
  const decoded = text.includes('%') ? decodeURIComponent(text) : text;
  const lower = decoded.toLowerCase();
  return lower.length === decoded.length ? lower : Array.from(decoded, lowerOfOneLength).join('');
}

function lowerOfOneLength(character: string): string {
  const lower = character.toLowerCase();
  return lower.length === character.length ? lower : character;
}

/**
 * Whether a text consists of the literals with something between each two of them. In linear time: of a literal in the
 * middle, the first place is as good as any.
 */
function fits(literals: readonly string[], text: string): boolean {
  const first = literals[0] as string;
  const { length } = literals;
  if (length === 1) return text === first;
  if (!text.startsWith(first)) return false;
  let end = first.length;
  for (let index = 1; index < length - 1; index += 1) {
    const literal = literals[index] as string;
    const start = text.indexOf(literal, end + 1);
    if (start === -1) return false;
    end = start + literal.length;
  }
  const last = literals[length - 1] as string;
  return text.length - last.length > end && text.endsWith(last);
}

/** Where each literal ends if each stands as far to the left as it can. */
function literalsFromLeft(literals: readonly string[], text: string): readonly number[] {
  let end = 0;
  return literals.map((literal, index) => {
    if (index === literals.length - 1) return text.length;
    end = (index === 0 ? 0 : text.indexOf(literal, end + 1)) + literal.length;
    return end;
  });
}

/** Where each literal ends if each stands as far to the right as it can. */
function literalsFromRight(literals: readonly string[], text: string): readonly number[] {
  const ends = [(literals[0] as string).length];
  const last = literals.length - 1;
  ends[last] = text.length;
  let start = text.length - (literals[last] as string).length;
  for (let index = last - 1; index > 0; index -= 1) {
    const { length } = literals[index] as string;
    start = text.lastIndexOf(literals[index] as string, start - 1 - length);
    ends[index] = start + length;
  }
  return ends;
}

function areEqual(list: readonly string[], other: readonly string[]): boolean {
  return list.length === other.length && list.every((text, index) => text === other[index]);
}

function areAlike(one = '', other = '', contains: (long: string, short: string) => boolean): boolean {
  return one.length > other.length ? contains(one, other) : contains(other, one);
}

/** The digits of percent-encoded octets may be of either case (RFC 3986 2.1). */
function upperDigits(text: string): string {
  return text.includes('%') ? text.replace(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase()) : text;
}

/** One list in place of two equal ones: a contract has many segments. */
function unlessSame(list: readonly string[], original: readonly string[]): readonly string[] {
  return list.every((text, index) => text === original[index]) ? original : list;
}
