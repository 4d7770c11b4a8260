import findMyWay from 'find-my-way';
import type { Operation } from '../chain/operation.js';

/** Longer than any request line that Node accepts: a parameter is never too long to be protected. */
const ANY_LENGTH = 65_536;
const NO_QUERY = Object.freeze({});
const NONE: readonly Operation[] = Object.freeze([]);

/** Operations by method and path. A lenient one ignores case and a trailing slash, and may hold several alike. */
export class OperationRouter {
  readonly #router: findMyWay.Instance<findMyWay.HTTPVersion.V1>;

  readonly #isLenient: boolean;

  constructor({ lenient }: { readonly lenient: boolean }) {
    this.#isLenient = lenient;
    this.#router = findMyWay({ maxParamLength: ANY_LENGTH, querystringParser: () => NO_QUERY });
  }

  /** Returns what was there before under the same method and path. */
  add(operation: Operation): readonly Operation[] {
    const method = operation.method as findMyWay.HTTPMethod;
    const path = this.#spelling(decodeURI(operation.template).replace(/\{[^}]*\}/g, ':parameter'));
    const present = this.#router.findRoute(method, path)?.store as Operation[] | undefined;
    if (present === undefined) this.#router.on(method, path, matched, [operation]);
    else present.push(operation);
    return present === undefined ? NONE : present.slice(0, -1);
  }

  /** HEAD falls back to GET (RFC 9110 9.3.2). */
  find(method: string, path: string): readonly Operation[] {
    if (!path.startsWith('/')) return NONE;
    const spelling = this.#spelling(path);
    const found = this.#lookup(method, spelling);
    return found === undefined && method === 'HEAD' ? (this.#lookup('GET', spelling) ?? NONE) : (found ?? NONE);
  }

  #spelling(path: string): string {
    return this.#isLenient ? path.toLowerCase().replace(/(?!^)\/$/, '') : path;
  }

  #lookup(method: string, path: string): readonly Operation[] | undefined {
    return this.#router.find(method as findMyWay.HTTPMethod, path)?.store as readonly Operation[] | undefined;
  }
}

/** The router wants a handler for each route; the operations themselves travel as the route's store. */
function matched(): void {}
