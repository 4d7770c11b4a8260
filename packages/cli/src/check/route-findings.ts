import type { Finding } from '../findings/finding.js';
import { ALL, type LiveApplication, type LiveRoute } from '../routes/live-route.js';
import { CHECK_RULES } from './check-rules.js';
import type { ContractView, DocumentedOperation } from './contract-view.js';
import { asRead, loosely, reaches, simplified } from './templates.js';

/** Where an application and a document differ in what is served. */
export function routeFindings(contract: ContractView, application: LiveApplication): readonly Finding[] {
  const routes = distinct(application.routes);
  const comparison = new Comparison(contract, routes);
  return [...comparison.missingOperations(), ...routes.flatMap((route) => comparison.aboutRoute(route) ?? [])];
}

/** A route may be declared twice, and a path may be written in two ways that mean the same. */
function distinct(routes: readonly LiveRoute[]): readonly LiveRoute[] {
  const keyed = routes.map(
    (route) => [[route.method, route.isOpen, asRead(route, route.template)].join(' '), route] as const,
  );
  return [...new Map(keyed).values()];
}

class Comparison {
  readonly #contract: ContractView;
  readonly #routes = new Map<string, LiveRoute[]>();
  readonly #openRoutes: readonly LiveRoute[];
  readonly #operations = new Map<string, Documented[]>();

  constructor(contract: ContractView, routes: readonly LiveRoute[]) {
    this.#contract = contract;
    this.#openRoutes = routes.filter(({ isOpen }) => isOpen);
    for (const route of routes) if (!route.isOpen) addTo(this.#routes, loosely(route.template), route);
    for (const operation of contract.operations)
      for (const template of operation.templates) addTo(this.#operations, loosely(template), { operation, template });
  }

  /** An operation counts as served if it is under one of its base paths, or if a wildcard may serve it. */
  missingOperations(): readonly Finding[] {
    return this.#contract.operations
      .filter((operation) => !operation.templates.some((template) => this.#isServed(operation, template)))
      .map(({ id, method, templates, pointer }) => {
        const others = templates.length > 1 ? `, nor for its other ${templates.length - 1} base paths` : '';
        const name = `${method} ${templates[0]}`;
        const told = id === name ? '' : ` (${id})`;
        return {
          rule: CHECK_RULES.operationNotServed,
          message: `the application has no route for ${name}${told}${others}`,
          place: this.#contract.placeOf(pointer),
        };
      });
  }

  aboutRoute(route: LiveRoute): Finding | undefined {
    if (route.method === 'OPTIONS') return undefined;
    const near = this.#near(route);
    // Frameworks answer HEAD wherever they answer GET (RFC 9110 9.3.2).
    if (route.method === 'HEAD' && near.some(({ method }) => method === 'GET' || method === ALL)) return undefined;
    if (route.isOpen) return this.#openRoute(route);
    const documented = (this.#operations.get(loosely(route.template)) ?? []).filter(({ template }) =>
      isPathOf(route, template),
    );
    return route.method === ALL
      ? this.#routeOfEveryMethod(route, near, documented)
      : this.#routeOfOneMethod(route, documented);
  }

  #routeOfOneMethod(route: LiveRoute, documented: readonly Documented[]): Finding | undefined {
    // An operation of GET covers HEAD, too.
    const isDocumented = documented.some(
      ({ operation: { method } }) => serves(route.method, method) || (route.method === 'HEAD' && method === 'GET'),
    );
    return isDocumented ? undefined : this.#lacking(route, documented);
  }

  /** `all` in front of routes of the same path is middleware for them. */
  #routeOfEveryMethod(
    route: LiveRoute,
    near: readonly LiveRoute[],
    documented: readonly Documented[],
  ): Finding | undefined {
    if (near.some(({ method }) => method !== ALL)) return undefined;
    if (documented.length === 0) return this.#lacking(route, documented);
    const methods = documented.map(({ operation }) => operation.method).join(', ');
    return {
      rule: CHECK_RULES.routeOfEveryMethod,
      message: `the application serves ${route.template} for every method; the document has ${methods}`,
      place: this.#placeOf(documented),
    };
  }

  #lacking({ method, template }: LiveRoute, documented: readonly Documented[]): Finding {
    const others = documented.map(({ operation }) => operation.method).join(', ');
    const only = others === '' ? '' : `; of this path it has ${others}`;
    return {
      rule: CHECK_RULES.routeNotInContract,
      message: `the application serves ${lineOf(method, template)}, for which the document has no operation${only}`,
      place: this.#placeOf(documented),
    };
  }

  #openRoute({ isUnread, method, path, template }: LiveRoute): Finding {
    const message = isUnread
      ? `the application has mounted a router at ${path}, whose routes cannot be read; nothing below ${template || '/'} was compared`
      : `the application serves ${lineOf(method, path)}, which no path template can say; it was not compared`;
    const rule = isUnread ? CHECK_RULES.routerUnread : CHECK_RULES.routeNotComparable;
    return { rule, message, place: this.#placeOf([]) };
  }

  #isServed({ method }: DocumentedOperation, template: string): boolean {
    const near = [template, simplified(template)].flatMap(
      (each) => this.#routes.get(loosely(each))?.filter((route) => isPathOf(route, each)) ?? [],
    );
    // Frameworks answer OPTIONS for every path that they know.
    if (method === 'OPTIONS' && near.length > 0) return true;
    if (near.some((route) => serves(route.method, method))) return true;
    return this.#openRoutes.some((route) => serves(route.method, method) && reaches(route.template, template));
  }

  #near({ isOpen, template }: LiveRoute): readonly LiveRoute[] {
    if (!isOpen) return this.#routes.get(loosely(template)) ?? [];
    return this.#openRoutes.filter((other) => loosely(other.template) === loosely(template));
  }

  /** The path, if the document has it; otherwise the paths. */
  #placeOf([first]: readonly Documented[]): Finding['place'] {
    return this.#contract.placeOf(first === undefined ? '/paths' : first.operation.pointer.replace(/\/[^/]*$/, ''));
  }
}

interface Documented {
  readonly operation: DocumentedOperation;
  readonly template: string;
}

function lineOf(method: string, path: string): string {
  return method === ALL ? `every method of ${path}` : `${method} ${path}`;
}

/** Whether the router of a route takes a template for the path of the route. */
function isPathOf(route: LiveRoute, template: string): boolean {
  return asRead(route, route.template) === asRead(route, template);
}

function serves(routed: string, documented: string): boolean {
  return routed === documented || routed === ALL || (routed === 'GET' && documented === 'HEAD');
}

function addTo<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
