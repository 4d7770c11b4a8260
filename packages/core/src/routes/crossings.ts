import { withoutSlash } from '../request/path-template.js';
import type { TemplateSegment } from '../request/template-segment.js';
import type { Operation } from './operation.js';
import type { OperationTree, Placed } from './operation-tree.js';
import type { SentPath } from './sent-path.js';

const NONE: readonly Operation[] = Object.freeze([]);

/**
 * Operations whose templates cross: both match some path, and neither is the more concrete one, such as `/{tenant}/admin`
 * and `/public/{page}`, or `/{id}` and `/{id}.json`. Which of them a router runs depends on the router, and on the order
 * of declaration.
 */
export class Crossings {
  readonly #rivals = new Map<Operation, readonly Placed[]>();

  constructor(placed: readonly Placed[], tree: OperationTree) {
    for (const one of placed) {
      if (one.segments.every(({ isLiteral }) => isLiteral)) continue;
      const { method } = one.operation;
      const rivals = tree.overlapping(one).filter((other) => other.operation.method === method && cross(one, other));
      if (rivals.length > 0) this.#rivals.set(one.operation, rivals);
    }
  }

  get isEmpty(): boolean {
    return this.#rivals.size === 0;
  }

  /** The rivals of an operation that match this path too. Case is ignored, as some routers do. */
  of(operation: Operation, path: SentPath): readonly Operation[] {
    const rivals = this.#rivals.get(operation);
    if (rivals === undefined) return NONE;
    return rivals.flatMap((rival) =>
      withoutSlash(rival.segments).every((segment, index) => path.fits(segment, index)) ? rival.operation : NONE,
    );
  }
}

/** Of two templates that overlap, the concrete one has literal text wherever they differ (OpenAPI 3.0.4 4.8.8.2). */
function cross({ segments }: Placed, { segments: others }: Placed): boolean {
  return !isConcreter(segments, others) && !isConcreter(others, segments);
}

function isConcreter(segments: readonly TemplateSegment[], others: readonly TemplateSegment[]): boolean {
  return segments.every((segment, index) => {
    const other = others[index];
    return segment.isLiteral || (other !== undefined && segment.equals(other));
  });
}
