import findMyWay from 'find-my-way';
import type { Operation } from './operation.js';

/** Longer than any request line that Node accepts, so no parameter is too long to match. */
const ANY_LENGTH = 65_536;
const NO_QUERY = Object.freeze({});
const NONE: readonly Operation[] = Object.freeze([]);

/**
 * Operations by method and path. A lenient router ignores case and a trailing slash, so several operations may share a
 * path.
 */
export class OperationRouter {
  readonly #router: findMyWay.Instance<findMyWay.HTTPVersion.V1>;

  readonly #isLenient: boolean;

  constructor({ lenient }: { readonly lenient: boolean }) {
    this.#isLenient = lenient;
    this.#router = findMyWay({
      maxParamLength: ANY_LENGTH,
      querystringParser: () => NO_QUERY,
      caseSensitive: !lenient,
    });
  }

  /** Returns the operations that were already there under this method and path. */
  add(operation: Operation): readonly Operation[] {
    const method = operation.method as findMyWay.HTTPMethod;
    const present = this.alike(method, operation);
    if (present === NONE) this.#router.on(method, this.#pathOf(operation), matched, [operation]);
    else (present as Operation[]).push(operation);
    return present === NONE ? NONE : present.slice(0, -1);
  }

  /** The operations under this method and the path of `operation`. The names of parameters do not matter. */
  alike(method: string, operation: Operation): readonly Operation[] {
    const found = this.#router.findRoute(method as findMyWay.HTTPMethod, this.#pathOf(operation));
    return (found?.store as readonly Operation[] | undefined) ?? NONE;
  }

  find(method: string, path: string): readonly Operation[] {
    if (!path.startsWith('/')) return NONE;
    const found = this.#router.find(method as findMyWay.HTTPMethod, this.#withoutSlash(path));
    return (found?.store as readonly Operation[] | undefined) ?? NONE;
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
