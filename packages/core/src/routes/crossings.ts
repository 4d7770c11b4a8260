import { type Operation, unnamed } from './operation.js';

const NONE: readonly Operation[] = Object.freeze([]);

/**
 * Operations whose templates cross: both cover some path, and neither is the more concrete one, as with `/{tenant}/admin`
 * and `/public/{page}`. Which of them a router runs hangs on the order in which the application has declared them.
 */
export class Crossings {
  readonly #rivals = new Map<Operation, readonly Rival[]>();

  /** `needTheSame` tells of which two it does not matter which of them runs. */
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

  /** The rivals of an operation that cover this path of it as well, also where routers ignore the case of letters. */
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

/** Operations of one method whose templates have as many segments as each other, at least one of them a parameter. */
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

/** As routers compare them that decode and ignore the case of letters. */
function segmentsOf(path: string): readonly string[] {
  try {
    return decodeURI(path).toLowerCase().split('/');
  } catch {
    return path.toLowerCase().split('/');
  }
}
