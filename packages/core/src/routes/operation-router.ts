import type findMyWay from 'find-my-way';
import type { Operation } from './operation.js';

/** Longer than any request line that Node accepts, so no parameter is too long to match. */
const ANY_LENGTH = 65_536;
const NO_QUERY = Object.freeze({});
const NONE: readonly Operation[] = Object.freeze([]);

let makeRouter: typeof findMyWay | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads find-my-way, once. It makes two thirds of the files that core loads, and only tables of routes need it.
 * @returns undefined when it is there
 */
export function loadFindMyWay(): Promise<void> | undefined {
  if (makeRouter !== undefined) return undefined;
  loading ??= import('find-my-way').then((loaded) => {
    makeRouter = loaded.default;
  });
  return loading;
}

/**
 * Operations by method and path. A lenient router ignores case and a trailing slash, so several operations may share a
 * path.
 */
export class OperationRouter {
  readonly #isLenient: boolean;
  readonly #byPath = new Map<string, Map<string, Operation[]>>();
  #router: findMyWay.Instance<findMyWay.HTTPVersion.V1> | undefined;

  constructor({ lenient }: { readonly lenient: boolean }) {
    this.#isLenient = lenient;
  }

  /** Returns the operations that were already there under this method and path. Add all before the first `find`. */
  add(operation: Operation): readonly Operation[] {
    const path = this.#pathOf(operation);
    const byMethod = this.#byPath.get(path) ?? new Map<string, Operation[]>();
    const present = byMethod.get(operation.method) ?? [];
    this.#byPath.set(path, byMethod.set(operation.method, [...present, operation]));
    return present;
  }

  /** The operations under this method and the path of `operation`. The names of parameters do not matter. */
  alike(method: string, operation: Operation): readonly Operation[] {
    return this.#byPath.get(this.#pathOf(operation))?.get(method) ?? NONE;
  }

  /** Only once find-my-way is loaded. */
  find(method: string, path: string): readonly Operation[] {
    if (!path.startsWith('/')) return NONE;
    this.#router ??= this.#build();
    const found = this.#router.find(method as findMyWay.HTTPMethod, this.#withoutSlash(path));
    return (found?.store as readonly Operation[] | undefined) ?? NONE;
  }

  #build(): findMyWay.Instance<findMyWay.HTTPVersion.V1> {
    if (makeRouter === undefined) throw new Error('find-my-way is not loaded');
    const router = makeRouter({
      maxParamLength: ANY_LENGTH,
      querystringParser: () => NO_QUERY,
      caseSensitive: !this.#isLenient,
    });
    for (const [path, byMethod] of this.#byPath) {
      for (const [method, operations] of byMethod) router.on(method as findMyWay.HTTPMethod, path, matched, operations);
    }
    return router;
  }

  #pathOf({ template }: Operation): string {
    const path = decodeURI(template).replace(/\{[^}]*\}/g, ':parameter');
    return this.#isLenient ? this.#withoutSlash(path.toLowerCase()) : path;
  }

  #withoutSlash(path: string): string {
    return this.#isLenient ? path.replace(/(?!^)\/$/, '') : path;
  }
}

/** find-my-way needs a handler for each route but never calls it here: the operations are the route's store. */
function matched(): void {}
