import { SallyportError } from '../errors/errors.js';

/**
 * What counts only where this copy of core made it. Each of these classes has a private member as its brand, which nothing
 * else can bear, and asks for it by a function of its own: one function for all would see too many shapes to be fast.
 */
type Branded = 'verdict' | 'guard verdict' | 'principal' | 'decision' | 'requirement' | 'request' | 'limit';

const MARK = Symbol.for('@sallyport/core/brand');
const MOST_OF_A_PATH = 500;

interface Copy {
  /** The file of its code; undefined where a bundler has put the code elsewhere and does not tell where. */
  readonly file: string | undefined;
}

interface Mark {
  readonly as: Branded;
  readonly by: Copy;
}

const THIS_COPY: Copy = Object.freeze({
  // Asked for by errors alone: the first look at `import.meta` makes Node load a module.
  get file() {
    return import.meta.filename;
  },
});

/** Lets other copies of core read what the objects of a class are. A mark proves nothing, as anybody can write it. */
export function mark(branded: { readonly prototype: object }, as: Branded): void {
  Object.defineProperty(branded.prototype, MARK, { value: { as, by: THIS_COPY } satisfies Mark });
}

/**
 * The error about what is refused because it lacks the brand, where another copy of core made it: undefined for all
 * else. Its code is ERR_SALLYPORT_SEVERAL_COPIES, and it tells the files of both copies.
 */
export function foreignCopy(refused: unknown, as: Branded): SallyportError | undefined {
  const other = placeOfOther(refused, as);
  if (other === undefined) return undefined;
  return new SallyportError(
    'ERR_SALLYPORT_SEVERAL_COPIES',
    `this ${as} was made by another copy of @sallyport/core, in ${other}; this copy is in ${placeOf(THIS_COPY)}; ` +
      'load one copy, by import or by require(), not both',
  );
}

/** Where the other copy is that marked the value; undefined when no other copy did. */
function placeOfOther(value: unknown, as: Branded): string | undefined {
  try {
    const found = (value as { readonly [MARK]?: Mark } | null | undefined)?.[MARK];
    // What inherits from an object of this copy lacks the brand as well, and was not made elsewhere.
    return found?.as === as && found.by !== THIS_COPY ? placeOf(found.by) : undefined;
  } catch {
    return undefined;
  }
}

/** Quoted and cut, because anybody can write a mark. */
function placeOf({ file }: Copy): string {
  return typeof file === 'string' ? JSON.stringify(file.slice(0, MOST_OF_A_PATH)) : 'an unknown file';
}
