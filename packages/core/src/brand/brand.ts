import { SallyportError } from '../errors/errors.js';

/**
 * What counts only where this copy of core made it. Each of these classes has a private member as its brand, which nothing
 * else can bear, and asks for it by a function of its own: one function for all would see too many shapes to be fast.
 */
type Branded = 'verdict' | 'guard verdict' | 'principal' | 'decision' | 'requirement' | 'request';

const MARK = Symbol.for('@sallyport/core/brand');
const THIS_COPY: object = Object.freeze({});

interface Mark {
  readonly as: Branded;
  readonly by: object;
}

/** Lets other copies of core read what the objects of a class are. A mark proves nothing, as anybody can write it. */
export function mark(branded: { readonly prototype: object }, as: Branded): void {
  Object.defineProperty(branded.prototype, MARK, { value: { as, by: THIS_COPY } satisfies Mark });
}

/**
 * The error about what is refused because it lacks the brand, where another copy of core made it: undefined for all
 * else. Its code is ERR_SALLYPORT_SEVERAL_COPIES.
 */
export function foreignCopy(refused: unknown, as: Branded): SallyportError | undefined {
  if (!isMarked(refused, as)) return undefined;
  return new SallyportError(
    'ERR_SALLYPORT_SEVERAL_COPIES',
    `this ${as} was made by another copy of @sallyport/core; load one copy, by import or by require(), not both`,
  );
}

function isMarked(value: unknown, as: Branded): boolean {
  try {
    const found = (value as { readonly [MARK]?: Mark } | null | undefined)?.[MARK];
    // What inherits from an object of this copy lacks the brand as well, and was not made elsewhere.
    return found?.as === as && found.by !== THIS_COPY;
  } catch {
    return false;
  }
}
