import { type Operation, unnamed } from './operation.js';

const NONE: readonly Operation[] = Object.freeze([]);

/**
 * Operations whose templates cross: both match some path and neither is more concrete, such as `/{tenant}/admin` and
 * `/public/{page}`. Which of them a router runs depends on the order of declaration.
 */
export class Crossings {
  readonly #rivals = new Map<Operation, readonly Rival[]>();

  /** `needTheSame` is true for two operations of equal security: it does not matter which of them runs. */
  constructor(operations: readonly Operation[], needTheSame: (one: Operation, other: Operation) => boolean) {
    for (const group of alikeInLength(operations)) {
      for (const { operation, segments } of group) {
        const rivals = group.filter(
          (other) => cross(segments, other.segments) && !needTheSame(operation, other.operation),
        );
        if (rivals.length > 0) this.#rivals.set(operation, rivals);
      }
    }
  }

  /** The rivals of an operation that match this path too. Case is ignored, as some routers do. */
  of(operation: Operation, path: string): readonly Operation[] {
    const rivals = this.#rivals.get(operation);
    if (rivals === undefined) return NONE;
    const sent = segmentsOf(path);
    return rivals.filter(({ segments }) => covers(segments, sent)).map((rival) => rival.operation);
  }
}

interface Rival {
  readonly operation: Operation;
  /** A parameter is `{}`. */
  readonly segments: readonly string[];
}

/** Groups the operations that have parameters by method and number of segments. */
function alikeInLength(operations: readonly Operation[]): Iterable<readonly Rival[]> {
  const groups = new Map<string, Rival[]>();
  for (const operation of operations) {
    const segments = segmentsOf(unnamed(operation.template));
    if (!segments.includes('{}')) continue;
    const key = `${operation.method} ${segments.length}`;
    const group = groups.get(key) ?? [];
    group.push({ operation, segments });
    groups.set(key, group);
  }
  return groups.values();
}

function cross(segments: readonly string[], others: readonly string[]): boolean {
  let isMoreConcrete = false;
  let isLessConcrete = false;
  for (const [index, segment] of segments.entries()) {
    const other = others[index];
    if (segment === other) continue;
    if (segment !== '{}' && other !== '{}') return false;
    if (other === '{}') isMoreConcrete = true;
    else isLessConcrete = true;
  }
  return isMoreConcrete && isLessConcrete;
}

function covers(segments: readonly string[], sent: readonly string[]): boolean {
  return segments.every((segment, index) => segment === '{}' || segment === sent[index]);
}

/** The segments decoded and in lower case, as some routers compare them. */
function segmentsOf(path: string): readonly string[] {
  try {
    return decodeURI(path).toLowerCase().split('/');
  } catch {
    return path.toLowerCase().split('/');
  }
}
