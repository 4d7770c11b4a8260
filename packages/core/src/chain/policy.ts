import { GrantedDecision } from '../decision/decision.js';
import type { LeaseTerms } from '../decision/lease.js';
import { ConfigurationError } from '../errors/errors.js';
import { quotedName } from '../errors/shown-name.js';
import type { Guard } from '../guard/guard.js';
import type { Candidate } from '../handler/candidates.js';
import { provesBody, type SecurityHandler } from '../handler/handler.js';
import { type Principal, proofOf } from '../principal/principal.js';
import { overlap, templateSegments } from '../request/path-template.js';
import { type RouteKey, SecurityRequest } from '../request/request.js';
import { type Alternative, alternativesOf, type CarriedScopes, type Requirement } from '../requirement/requirement.js';
import type { Operation, OperationTable } from '../routes/operation.js';
import { canBe, RouteIndex } from '../routes/route-index.js';
import { JointPolicies } from './joint-policies.js';
import type { LeaseLegacy } from './lease/chain-lease.js';
import type { LeaseInit, Succession } from './lease/leases.js';
import { atEach, type Policy, PolicyCompiler, type PolicySettings, withoutRequirement } from './policy-compiler.js';

/** Chooses the policy that a request has to satisfy. */
export interface Policies {
  /** Those of the chain. */
  readonly table: object;
  /** Every handler of the chain, each once. */
  readonly handlers: readonly SecurityHandler[];
  /** Set as long as no policy can be found. Requests are refused if that comes to a refusal. */
  readonly loading?: Promise<unknown> | undefined;
  /** Whether some request of this method has its body read. */
  readsBodies(method: string): boolean;
  /** Undefined if no operation and no requirement covers the request. */
  find(request: SecurityRequest): Policy | undefined;
}

/** The policies of a chain. */
export class PolicyTable implements Policies {
  readonly #compiler: PolicyCompiler;
  readonly #default: Policy | undefined;
  readonly #table: OperationTable | undefined;
  readonly #byOperation: ReadonlyMap<Operation, Policy>;
  readonly #byRoute = new RouteIndex<Policy>();
  /** By the policy of a HEAD operation and of a GET operation with the same path: the policy of both together. */
  readonly #together: ReadonlyMap<Policy, ReadonlyMap<Policy, Policy>>;
  readonly #joint: JointPolicies;
  #scopes: readonly string[];
  #handlers: readonly SecurityHandler[];

  /** @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT */
  constructor(name: string, settings: PolicySettings & { readonly operations: OperationTable | undefined }) {
    const compiler = new PolicyCompiler(this, settings);
    const { operations: table } = settings;
    this.#compiler = compiler;
    this.#default = compiler.policyOfTheRest;
    this.#table = table;
    const operations = table?.operations ?? [];
    this.#byOperation = new Map(operations.map((operation) => [operation, compiler.policyOf(operation)]));
    for (const [operation, policy] of this.#byOperation) this.#byRoute.add(operation, policy);
    this.#together = togetherFor(this.#byOperation, compiler);
    this.#joint = new JointPolicies(operations, compiler);
    const policies = [this.#default, ...this.#byOperation.values()].filter((policy) => policy !== undefined);
    if (policies.length === 0) throw withoutRequirement(`chain ${name}`);
    this.#scopes = distinctScopes(policies.flatMap(({ scopes }) => scopes));
    this.#handlers = distinctHandlers(policies.flatMap(({ plan }) => plan.handlers));
  }

  get table(): PolicyTable {
    return this;
  }

  /** That of the requests that match no operation. */
  get rest(): Policy | undefined {
    return this.#default;
  }

  /** Those of every policy, and of every requirement that a route has added. */
  get handlers(): readonly SecurityHandler[] {
    return this.#handlers;
  }

  /** Those that any policy names, and any guard of a route, each once. The list is another one when it has changed. */
  get scopes(): readonly string[] {
    return this.#scopes;
  }

  /** Takes note of a guard that a route adds. Guards that are made by the request must not make the list ever longer. */
  expect({ needs = [] }: Guard): void {
    if (this.#scopes.length < MOST_SCOPES) this.#list(needs.flatMap(({ known }) => known));
  }

  readsBodies(method: string, rest: Policy | undefined = this.#default): boolean {
    const policies = [rest, ...this.#byOperation.values()];
    return policies.some((policy) => {
      const own = policy?.operations[0]?.method ?? method;
      return own === method && policy?.plan.handlers.some(provesBody);
    });
  }

  /**
   * The policy of a requirement that a route adds. Its handlers are from now on handlers of the chain.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  add(requirement: Requirement): Policy {
    const policy = this.#compiler.policyOfRoute(requirement);
    this.#handlers = distinctHandlers([...this.#handlers, ...policy.plan.handlers]);
    this.#list(policy.scopes);
    return policy;
  }

  #list(scopes: readonly string[]): void {
    if (!scopes.every((scope) => this.#scopes.includes(scope)))
      this.#scopes = distinctScopes([...this.#scopes, ...scopes]);
  }

  /** The operation that the framework chose, else the one that the table finds, else `rest`. */
  find(request: SecurityRequest, rest: Policy | undefined = this.#default): Policy | undefined {
    if (this.#table === undefined) return rest;
    const { route } = request;
    const known = route && this.#chosen(route);
    if (known !== undefined) return known;
    const { method, path } = request;
    if (this.#table.isAmbiguous?.(method, path)) return undefined;
    const operation = this.#table.find(method, path);
    if (operation === undefined) return rest;
    // The framework's route is no operation, but the path matches one: framework and chain read the path differently.
    if (route !== undefined && !canBe(route, operation)) return undefined;
    const other = operation.method === 'HEAD' ? this.#table.find('GET', path) : undefined;
    const rivals = this.#table.rivals?.(operation, path);
    const others = other && this.#table.rivals?.(other, path);
    if (isSome(rivals) || isSome(others)) {
      return this.#joint.of([operation, ...(rivals ?? []), ...(other ? [other] : []), ...(others ?? [])]);
    }
    const policy = this.#byOperation.get(operation);
    return other === undefined || policy === undefined ? policy : this.#both(policy, this.#byOperation.get(other));
  }

  #chosen(route: RouteKey): Policy | undefined {
    const own = this.#byRoute.find(route.method, route);
    if (route.method !== 'HEAD') return own;
    const other = this.#byRoute.find('GET', route);
    return own === undefined || other === undefined ? (own ?? other) : this.#both(own, other);
  }

  /** Routers may run a route for GET where there is one for HEAD (RFC 9110 9.3.2): the request has to satisfy both. */
  #both(head: Policy, get: Policy | undefined): Policy | undefined {
    return get && this.#together.get(head)?.get(get);
  }
}

/** So many are more than any client asks for. */
const MOST_SCOPES = 1_000;

function distinctScopes(scopes: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(scopes)]);
}

function isSome(operations: readonly Operation[] | undefined): boolean {
  return operations !== undefined && operations.length > 0;
}

/** Compiles a policy for each HEAD operation together with each GET operation that may cover the same path. */
function togetherFor(
  policies: ReadonlyMap<Operation, Policy>,
  compiler: PolicyCompiler,
): ReadonlyMap<Policy, ReadonlyMap<Policy, Policy>> {
  const of = (method: string) =>
    [...policies]
      .filter(([operation]) => operation.method === method)
      .map(([operation, policy]) => ({ operation, policy, segments: templateSegments(operation.template) }));
  const reads = of('GET');
  return new Map(
    of('HEAD').map(({ operation, policy, segments }) => {
      const others = reads.filter((read) => overlap(segments, read.segments));
      return [policy, new Map(others.map((read) => [read.policy, compiler.policyOf(operation, read.operation)]))];
    }),
  );
}

/** Refuses two handlers of one name, because events and configurations refer to handlers by name. */
function distinctHandlers(handlers: readonly SecurityHandler[]): readonly SecurityHandler[] {
  const byName = new Map<string, SecurityHandler>();
  for (const handler of handlers) {
    const known = byName.get(handler.name) ?? handler;
    if (known !== handler) {
      throw new ConfigurationError(
        'ERR_SALLYPORT_REQUIREMENT_INVALID',
        `two handlers are called ${quotedName(handler.name)}; give one of them another name`,
      );
    }
    byName.set(handler.name, handler);
  }
  return Object.freeze([...byName.values()]);
}

/** The challenges of the policy that a request satisfied. */
export function candidatesBehind(granted: GrantedDecision): readonly Candidate[] {
  return (GrantedDecision.policyOf(granted) as Policy).candidates;
}

/** What of a grant goes on as a lease: its handlers, and the guards of its policy and of its routes. */
export function leaseInitOf(
  granted: GrantedDecision,
  { guards, others, recheckSeconds, isHeritable = false }: LeaseTerms,
): LeaseInit {
  const policy = GrantedDecision.policyOf(granted) as Policy;
  const { operations, plan, guard } = policy;
  const added = guards.map((each) => atEach(operations, each));
  // A requirement of a route is not that of the chain which follows: nobody could ask by it.
  const isOfChain = operations.length > 0 || (policy.table as PolicyTable).rest === policy;
  return {
    principal: granted.principal,
    operation: operations[0],
    handlers: plan.handlers,
    guards: guard === undefined ? added : [guard, ...added],
    known: [granted, ...others].flatMap(handlersKnownTo),
    recheckSeconds,
    inherited: isHeritable && isOfChain && policy.asked === undefined ? guards : undefined,
  };
}

/**
 * What a chain asks about a lease that another one has granted; undefined if it would not grant it. The credential is gone, so
 * who was proved by which handlers, with which scopes, has to be enough for an alternative of the requirement.
 */
export function successionOf(policies: Policies, principal: Principal, legacy: LeaseLegacy): Succession | undefined {
  const policy = policies.find(new SecurityRequest(legacy.request));
  if (policy === undefined) return undefined;
  const { operations, guard, requirement } = policy;
  if (!alternativesOf(requirement).some((alternative) => isMetBy(principal, alternative))) return undefined;
  const added = legacy.guards.map((each) => atEach(operations, each));
  return { guards: guard === undefined ? added : [guard, ...added], operation: operations[0] };
}

function isMetBy(principal: Principal, { handlers, scopes, sameParty }: Alternative): boolean {
  if (sameParty && handlers.length > 1) return false;
  const isProved = handlers.every(({ name }) => proofOf(principal, name) !== undefined);
  return isProved && scopes.every((rule) => rule.by.some(({ name }) => carries(proofOf(principal, name), rule)));
}

function carries(proof: Principal | undefined, { scopes, match }: CarriedScopes): boolean {
  const has = (scope: string) => proof?.hasScope(scope) === true;
  return match === 'any' ? scopes.some(has) : scopes.every(has);
}

/** All handlers of the chain that granted. */
function handlersKnownTo(granted: GrantedDecision): readonly SecurityHandler[] {
  return ((GrantedDecision.policyOf(granted) as Policy).table as Policies).handlers;
}
