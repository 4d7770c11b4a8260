import findMyWay from 'find-my-way';
import type { Operation } from './operation.js';

/** Longer than any request line that Node accepts: a parameter is never too long to be protected. */
const ANY_LENGTH = 65_536;
const NO_QUERY = Object.freeze({});
const NONE: readonly Operation[] = Object.freeze([]);

/** Operations by method and path. A lenient one ignores case and a trailing slash, and holds several that are alike. */
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

  /** Returns what was there before under the same method and path. */
  add(operation: Operation): readonly Operation[] {
    const method = operation.method as findMyWay.HTTPMethod;
    const present = this.alike(method, operation);
    if (present === NONE) this.#router.on(method, this.#pathOf(operation), matched, [operation]);
    else (present as Operation[]).push(operation);
    return present === NONE ? NONE : present.slice(0, -1);
  }

  /** What stands under a method and the path of an operation, whatever its parameters are called. */
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

/** The router wants a handler for each route; the operations themselves travel as the route's store. */
function matched(): void {}
