import findMyWay from 'find-my-way';
import { ConfigurationError } from '../errors.js';
import type { GuardLike } from '../guard.js';
import type { Operation, OperationTable } from '../operation.js';
import { checkRequirement, type Requirement } from '../requirement.js';

/** What an operation needs, beyond its method and template. */
export interface RouteDefinition {
  /** Default: method and template. */
  readonly id?: string | undefined;
  /** Default: the chain's requirement. */
  readonly requirement?: Requirement | undefined;
  readonly guards?: readonly GuardLike[] | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
const SEGMENT = /^(?:[^{}:*]*|\{[A-Za-z_][A-Za-z0-9_.-]*\})$/;
/** Longer than any request line that Node accepts: a parameter is never too long to be protected. */
const ANY_LENGTH = 65_536;

/**
 * One operation: `route('GET', '/pets/{petId}', { guards: [requireScopes('pets:read')] })`. A parameter is a whole
 * path segment in braces. A GET route also covers HEAD (RFC 9110 9.3.2).
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export function route(method: string, template: string, definition: RouteDefinition = {}): Operation {
  if (!METHODS.includes(method)) throw invalidRoute(`${method} is not a method of upper-case letters that is known`);
  if (!template.startsWith('/') || !template.split('/').every((segment) => SEGMENT.test(segment))) {
    throw invalidRoute(`${template} is not a path whose parameters are whole segments in braces`);
  }
  const { requirement, guards, id } = definition;
  if (requirement !== undefined) checkRequirement(requirement, `route ${method} ${template}`);
  return Object.freeze({ id: id ?? `${method} ${template}`, method, template, requirement, guards });
}

/** A lookup table of operations. @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID for two alike */
export function routes(operations: readonly Operation[]): RouteTable {
  return new RouteTable(operations);
}

/**
 * Finds the operation of a path in time linear to its length: case matters, a trailing slash matters, and a concrete
 * segment goes before a parameter.
 */
export class RouteTable implements OperationTable {
  readonly operations: readonly Operation[];
  readonly #router: findMyWay.Instance<findMyWay.HTTPVersion.V1>;

  constructor(operations: readonly Operation[]) {
    this.operations = Object.freeze([...operations]);
    this.#router = findMyWay({ maxParamLength: ANY_LENGTH, querystringParser: () => NO_QUERY });
    for (const operation of operations) this.#add(operation);
  }

  /** HEAD falls back to GET. A path that cannot be decoded belongs to no operation. */
  find(method: string, path: string): Operation | undefined {
    return this.#lookup(method, path) ?? (method === 'HEAD' ? this.#lookup('GET', path) : undefined);
  }

  #lookup(method: string, path: string): Operation | undefined {
    return this.#router.find(method as findMyWay.HTTPMethod, path)?.store as Operation | undefined;
  }

  #add(operation: Operation): void {
    const { method, template } = operation;
    const path = template.replace(/\{([^}]*)\}/g, () => ':parameter');
    const twin = this.#router.findRoute(method as findMyWay.HTTPMethod, path)?.store as Operation | undefined;
    if (twin !== undefined) throw invalidRoute(`${operation.id} and ${twin.id} cover the same requests`);
    this.#router.on(method as findMyWay.HTTPMethod, path, matched, operation);
  }
}

const NO_QUERY = Object.freeze({});

/** The router wants a handler for each route; the operation itself travels as the route's store. */
function matched(): void {}

function invalidRoute(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', message);
}
