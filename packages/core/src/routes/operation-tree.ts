import { templateSegments, withoutSlash } from '../request/path-template.js';
import type { TemplateSegment } from '../request/template-segment.js';
import type { Operation } from './operation.js';
import type { SentPath } from './sent-path.js';

/** An operation at its place in the tree. */
export interface Placed {
  readonly operation: Operation;
  readonly segments: readonly TemplateSegment[];
  /** All operations there: their templates differ in spelling and in the names of parameters alone. */
  readonly place: readonly Placed[];
}

const NOTHING: readonly never[] = Object.freeze([]);

/** Where templates go on from a segment. */
interface Branch {
  readonly placed: Placed[];
  /** By folded text. */
  literals: Map<string, Branch> | undefined;
  /** Those with more literal text first. */
  patterns: readonly { readonly segment: TemplateSegment; readonly branch: Branch }[];
}

function newBranch(): Branch {
  return { placed: [], literals: undefined, patterns: NOTHING };
}

function branchOf(branch: Branch, segment: TemplateSegment): Branch {
  return segment.isLiteral ? literalBranchOf(branch, segment.literals[0] as string) : patternBranchOf(branch, segment);
}

function literalBranchOf(branch: Branch, text: string): Branch {
  branch.literals ??= new Map();
  const next = branch.literals.get(text) ?? newBranch();
  branch.literals.set(text, next);
  return next;
}

function patternBranchOf(branch: Branch, segment: TemplateSegment): Branch {
  const known = branch.patterns.find((pattern) => pattern.segment.equals(segment));
  if (known !== undefined) return known.branch;
  const next = newBranch();
  branch.patterns = [...branch.patterns, { segment, branch: next }].toSorted(
    (one, other) => lengthOf(other.segment) - lengthOf(one.segment),
  );
  return next;
}

function lengthOf({ literals }: TemplateSegment): number {
  return literals.join('').length;
}

/**
 * Operations by the folded segments of their templates: what any router could take for the same path is in one place.
 * Literal text goes before a parameter (OpenAPI 3.0.4 4.8.8.2).
 */
export class OperationTree {
  readonly #root = newBranch();
  readonly #segments = new Map<string, TemplateSegment>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID */
  add(operation: Operation): Placed {
    const segments = templateSegments(operation.template, this.#segments);
    const { placed } = withoutSlash(segments).reduce(branchOf, this.#root);
    const added = { operation, segments, place: placed };
    placed.push(added);
    return added;
  }

  /** The first operation of this method under some reading of the path: that of a router which ignores what it can. */
  firstUnderAny(method: string, path: SentPath): Placed | undefined {
    return first(this.#root, path, 0, method, false);
  }

  /** The first operation of this method whose template spells the path. */
  first(method: string, path: SentPath): Placed | undefined {
    return first(this.#root, path, 0, method, true);
  }

  /** The operations whose templates match some path that this one matches as well. */
  overlapping({ segments }: Placed): readonly Placed[] {
    const found: Placed[] = [];
    collect(this.#root, withoutSlash(segments), 0, found);
    return found;
  }
}

/** The operation of this method, at one place, whose template has the case and the slash at the end of the path. */
export function speltAt(place: readonly Placed[], method: string, path: SentPath): Placed | undefined {
  for (const placed of place) {
    if (placed.operation.method === method && spells(placed.segments, path)) return placed;
  }
  return undefined;
}

function spells(segments: readonly TemplateSegment[], { decoded }: SentPath): boolean {
  if (segments.length !== decoded.length) return false;
  for (let index = 0; index < decoded.length; index += 1) {
    if (!(segments[index] as TemplateSegment).matches(decoded[index] as string)) return false;
  }
  return true;
}

function first(branch: Branch, path: SentPath, index: number, method: string, isSpelt: boolean): Placed | undefined {
  const text = path.folded[index];
  if (text === undefined) {
    return isSpelt
      ? speltAt(branch.placed, method, path)
      : branch.placed.find(({ operation }) => operation.method === method);
  }
  const literal = branch.literals?.get(text);
  const found = literal && first(literal, path, index + 1, method, isSpelt);
  if (found !== undefined) return found;
  for (const { segment, branch: next } of branch.patterns) {
    const behind = path.fits(segment, index) ? first(next, path, index + 1, method, isSpelt) : undefined;
    if (behind !== undefined) return behind;
  }
  return undefined;
}

function collect(branch: Branch, segments: readonly TemplateSegment[], index: number, found: Placed[]): void {
  const segment = segments[index];
  if (segment === undefined) {
    found.push(...branch.placed);
    return;
  }
  for (const next of literalsMatching(branch, segment)) collect(next, segments, index + 1, found);
  for (const pattern of branch.patterns) {
    if (pattern.segment.overlaps(segment)) collect(pattern.branch, segments, index + 1, found);
  }
}

function literalsMatching({ literals }: Branch, segment: TemplateSegment): readonly Branch[] {
  if (literals === undefined) return NOTHING;
  if (!segment.isLiteral) {
    return [...literals].flatMap(([text, branch]) => (segment.matchesFolded(text) ? branch : NOTHING));
  }
  return [literals.get(segment.literals[0] as string) ?? NOTHING].flat();
}
