import type { PathReading } from '../gate/reading.js';
import type { NodeRequestSource } from './node-request-source.js';

/**
 * `:name`, also as a part of its segment. It ends at the end of the segment, at a hyphen or at a dot: other characters
 * belong to the name in some routers.
 */
const PARAMETER = /:(\w+)(?=[-.]|$)/g;
/** Characters that no router gives a meaning of its own. */
const LITERAL = /^[\w\-.~%&,;=@]*$/;

/**
 * The OpenAPI template of a route: `/pets/:petId` is `/pets/{petId}`. Undefined for wildcards, optional,
 * regular-expression and adjacent parameters, which an OpenAPI template cannot say.
 */
export function templateOf(path: string): string | undefined {
  const segments = path.split('/');
  if (!segments.every((segment) => LITERAL.test(segment.replace(PARAMETER, '')))) return undefined;
  return segments.map((segment) => segment.replace(PARAMETER, '{$1}')).join('/');
}

/** Middleware that a guard of a framework calls from within the handler of a route: where no router knows it. */
const routeGuards = new WeakSet<object>();

export function markRouteGuard<Middleware extends object>(middleware: Middleware): Middleware {
  routeGuards.add(middleware);
  return middleware;
}

export function isRouteGuard(middleware: object): boolean {
  return routeGuards.has(middleware);
}

/** The templates of routes that a middleware stands in. */
export class RouteTemplates<Route extends object> {
  readonly #isIn: (route: Route) => boolean;
  readonly #known = new WeakMap<Route, { readonly template: string | undefined }>();
  readonly #told = new WeakSet<object>();

  /** `isIn` tells whether a route has the middleware among its own. */
  constructor(isIn: (route: Route) => boolean) {
    this.#isIn = isIn;
  }

  /**
   * The template of a route, told once per request: frameworks leave on the request what they last chose, so that a
   * middleware that is asked again may stand somewhere else.
   */
  of(request: object, route: Route, path: unknown): string | undefined {
    const known = this.#known.get(route) ?? this.#learn(route, path);
    if (known.template === undefined || this.#told.has(request)) return undefined;
    this.#told.add(request);
    return known.template;
  }

  #learn(route: Route, path: unknown): { readonly template: string | undefined } {
    const template = typeof path === 'string' && this.#isIn(route) ? templateOf(path) : undefined;
    const known = { template };
    this.#known.set(route, known);
    return known;
  }
}

/** Reads a request by its path, where the route of this template may not be the one that runs in the end. */
export function pathReading(source: NodeRequestSource, template: string): PathReading {
  const { method, target } = source;
  return {
    source: source.readAs(method, target),
    respelt: () => source.readAs(method, respelt(target, template)),
  };
}

/** The target as a template spells it: routers may ignore the case of literal segments and a slash at the end. */
function respelt(target: string, template: string): string {
  const [path = '', ...query] = target.split(/(?=\?)/);
  const own = template.split('/');
  const sent = path.split('/');
  if (sent.length === own.length + 1 && sent.at(-1) === '') sent.pop();
  if (sent.length !== own.length) return target;
  const segments = sent.map((segment, index) => {
    const literal = own[index] as string;
    return literal.toLowerCase() === segment.toLowerCase() ? literal : segment;
  });
  return segments.join('/') + query.join('');
}
