import { ConfigurationError } from '../errors/errors.js';
import type { GuardLike } from '../guard/guard.js';
import * as option from '../options/options.js';
import { checkRequirement, type Requirement } from '../requirement/requirement.js';
import { Crossings } from './crossings.js';
import { type Operation, type OperationTable, unnamed } from './operation.js';
import { loadFindMyWay, OperationRouter } from './operation-router.js';

export const ROUTE = option.table('RouteDefinition', {
  /** Default: method and template. */
  id: option.optional(option.text),
  /** Default: the chain's requirement. */
  requirement: option.unchecked<Requirement | undefined>(),
  guards: option.unchecked<readonly GuardLike[] | undefined>(),
});

/** The parts of an operation besides method and template. */
export interface RouteDefinition<Scopes extends string = string> extends option.Given<typeof ROUTE> {
  readonly guards?: readonly GuardLike<Scopes>[] | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
/** Dot segments are refused too: routers remove them, and the request firewall refuses them. */
const SEGMENT = /^(?!\.{1,2}$)(?:[^{}:*?#]*|\{[A-Za-z_][A-Za-z0-9_.-]*\})$/;

/**
 * One operation: `route('GET', '/pets/{petId}', { guards: [requireScopes('pets:read')] })`. A parameter is a whole
 * path segment in braces. A GET route also covers HEAD (RFC 9110 9.3.2).
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID, ERR_SALLYPORT_REQUIREMENT_INVALID,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const read = route('GET', '/pets/{petId}', { guards: [requireScopes('pets:read')] });
 */
export function route<Scopes extends string = never>(
  method: string,
  template: string,
  definition: RouteDefinition<Scopes> = {},
): Operation<Scopes> {
  checkRoute(method, template);
  const { requirement, guards, id } = ROUTE(definition);
  if (requirement !== undefined) checkRequirement(requirement, `route ${method} ${template}`);
  const operation: Operation = { id: id ?? `${method} ${template}`, method, template, requirement, guards };
  return Object.freeze(operation) as Operation<Scopes>;
}

/** Encoded braces are refused too: decoded, they would look like a parameter. */
function checkRoute(method: string, template: string): void {
  if (!METHODS.includes(method)) throw invalidRoute(`${method} is not a method of upper-case letters that is known`);
  const isPath = template.startsWith('/') && !/%7[bd]/i.test(template);
  if (!isPath || !segmentsOf(template).every((segment) => SEGMENT.test(segment))) {
    throw invalidRoute(`${template} is not a path whose parameters are whole segments in braces`);
  }
}

/**
 * Makes a lookup table of operations.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID for two operations that cover the same requests, and for
 *   two operations of different security whose paths differ only in case or a trailing slash
 * @example
 * const operations = routes([route('GET', '/pets', { requirement: anonymous() }), route('POST', '/pets')]);
 * const chain = new SecurityChain({ operations, requirement: jwt });
 */
export function routes<Scopes extends string = string>(
  operations: readonly Operation<NoInfer<Scopes>>[],
): RouteTable<Scopes> {
  return new RouteTable(operations);
}

/**
 * Finds the operation of a path in linear time. Case and a trailing slash matter. A concrete segment goes before a
 * parameter. A parameter is never empty.
 */
export class RouteTable<Scopes extends string = string> implements OperationTable<Scopes> {
  readonly operations: readonly Operation<Scopes>[];
  readonly #exact = new OperationRouter({ lenient: false });
  readonly #lenient = new OperationRouter({ lenient: true });
  readonly #crossings: Crossings;
  /**
   * Whether a template has upper-case letters, percent signs or a trailing slash. A plain path can then be another
   * spelling of it.
   */
  readonly #isSpeltOddly: boolean;

  constructor(operations: readonly Operation<Scopes>[]) {
    // At once, because a table that wraps this one may not ask for `loading`. Whoever does learns of a failure.
    loadFindMyWay()?.catch(() => undefined);
    this.operations = Object.freeze([...operations]);
    for (const operation of operations) {
      checkRoute(operation.method, operation.template);
      const [twin] = this.#exact.add(operation);
      if (twin !== undefined) throw invalidRoute(`${operation.id} and ${twin.id} cover the same requests`);
      this.#lenient.add(operation);
    }
    for (const operation of operations) this.#checkAlike(operation);
    this.#crossings = new Crossings(operations, needTheSame);
    this.#isSpeltOddly = operations.some(({ template }) => SPELT_ODDLY.test(unnamed(template)));
  }

  get loading(): Promise<void> | undefined {
    return loadFindMyWay();
  }

  /** HEAD falls back to GET (RFC 9110 9.3.2). A path that cannot be decoded belongs to no operation. */
  find(method: string, path: string): Operation | undefined {
    const found = this.#find(method, path);
    return found === undefined && method === 'HEAD' ? this.#find('GET', path) : found;
  }

  /**
   * Whether another router could choose another operation than `find`: one that ignores case or a trailing slash, or
   * that compares without decoding. Express does all three by default. HEAD is checked as GET, too.
   */
  isAmbiguous(method: string, path: string): boolean {
    if (!this.#isSpeltOddly && !SPELT_ODDLY.test(path)) return false;
    return this.#isAmbiguous(method, path) || (method === 'HEAD' && this.#isAmbiguous('GET', path));
  }

  /** The operations that a router could run instead of `operation` if it goes by the order of declaration. */
  rivals(operation: Operation, path: string): readonly Operation[] {
    return this.#crossings.of(operation, path);
  }

  #find(method: string, path: string): Operation | undefined {
    const [found] = this.#exact.find(method, path);
    return found === undefined || hasEmptyParameter(path, found) ? undefined : found;
  }

  #isAmbiguous(method: string, path: string): boolean {
    const found = this.#find(method, path);
    if (found !== undefined && path.includes('%') && !isSpeltOut(path, found)) return true;
    const others = this.#lenient.find(method, path);
    return others.length > 0 && (found === undefined || !others.includes(found));
  }

  /**
   * Refuses two operations of different security whose paths differ only in case or a trailing slash: many routers run
   * either of them. Operations for GET also serve HEAD.
   */
  #checkAlike(operation: Operation): void {
    const methods = operation.method === 'HEAD' ? ['HEAD', 'GET'] : [operation.method];
    const alike = methods.flatMap((method) => this.#lenient.alike(method, operation));
    const other = alike.find((each) => !isSamePath(each, operation) && !needTheSame(each, operation));
    if (other === undefined) return;
    throw invalidRoute(
      `${operation.id} and ${other.id} need different things, but many routers take their paths for the same; ` +
        'let both share one requirement and the same guards, or give one of them another path',
    );
  }
}

/**
 * Upper case, a percent sign, a trailing slash: only such paths and templates can be read differently by another
 * router.
 */
const SPELT_ODDLY = /[A-Z%]|.\/$/;

function isSamePath(one: Operation, other: Operation): boolean {
  return decodeURI(unnamed(one.template)) === decodeURI(unnamed(other.template));
}

/** Compares by identity: the behaviour of two handlers or guards cannot be compared. */
function needTheSame(one: Operation, other: Operation): boolean {
  const [guards = [], others = []] = [one.guards, other.guards];
  const hasSameGuards = guards.length === others.length && guards.every((guard, index) => guard === others[index]);
  return one.requirement === other.requirement && hasSameGuards;
}

/** Whether the path leaves a parameter of the template empty. */
function hasEmptyParameter(path: string, { template }: Operation): boolean {
  return (
    /\/(?:\/|$)/.test(path) && path.split('/').some((part, i) => part === '' && isParameter(template.split('/')[i]))
  );
}

function isParameter(segment: string | undefined): boolean {
  return segment?.startsWith('{') ?? false;
}

/** Whether the path writes every concrete segment as the template does, or in its usual percent-encoding. */
function isSpeltOut(path: string, { template }: Operation): boolean {
  const segments = segmentsOf(template);
  return path.split('/').every((part, index) => {
    const segment = segments[index] ?? '';
    return isParameter(segment) || part === segment || part.toUpperCase() === encodeURI(segment).toUpperCase();
  });
}

/** The segments of a template, decoded, as the router compares them. */
function segmentsOf(template: string): readonly string[] {
  try {
    return decodeURI(template).split('/');
  } catch {
    throw invalidRoute(`${template} is not a path whose percent-encoding can be read`);
  }
}

function invalidRoute(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', message);
}
