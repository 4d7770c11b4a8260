import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import type { Decider, PublicAnswer } from '../decision/decider.js';
import { type Decision, GrantedDecision, isDecision } from '../decision/decision.js';
import type { Lease, LeaseTerms } from '../decision/lease.js';
import { ProtectedResource } from '../decision/resource/protected-resource.js';
import { DecisionObserver } from '../events/decision-observer.js';
import type { Explanation } from '../events/explanation.js';
import type { ChainStatistics } from '../events/statistics/chain-statistics.js';
import { DecisionStatistics } from '../events/statistics/decision-statistics.js';
import type { Guard, GuardLike } from '../guard/guard.js';
import type { SecurityHandler } from '../handler/handler.js';
import { Refusal } from '../handler/refusal.js';
import { ownMember } from '../options/own-members.js';
import { requestFirewall, warnOfRelaxations } from '../request/firewall.js';
import type { IncomingRequest, SecurityRequest } from '../request/request.js';
import type { Requirement } from '../requirement/requirement.js';
import type { Operation } from '../routes/operation.js';
import { unavailable } from '../verdict/verdict.js';
import {
  type DecidingSettings,
  SECURITY_CHAIN,
  SECURITY_CHAIN_COLLABORATORS,
  type SecurityChainCollaborators,
  type SecurityChainOptions,
} from './chain-options.js';
import { type LeaseStatistics, Leases } from './lease/leases.js';
import { closeHandlers, startHandlers } from './lifecycle.js';
import { leaseInitOf, PolicyTable, successionOf } from './policy.js';
import type { Policy } from './policy-compiler.js';
import { PolicyDecider } from './policy-decider.js';
import { RoutePolicies } from './route-policies.js';

/** What a chain requires. Requirements that routes add are not among it. */
export interface ChainRequirements {
  /** Of requests that belong to no operation. Undefined where these are refused. */
  readonly requirement: Requirement | undefined;
  /** After every requirement. */
  readonly guards: readonly GuardLike[];
  /** An operation without a requirement has that of the other requests. */
  readonly operations: readonly Operation[];
}

/**
 * Requirements and guards, compiled once. `decide` turns a request into a decision: it never throws, never rejects,
 * and is synchronous whenever every handler concerned answers synchronously.
 * @example
 * const chain = new SecurityChain({ requirement: anyOf(jwt, apiKey), guards: [requireScopes('orders:read')] });
 * await chain.start();
 * const { decision, event } = await chain.explain({ method: 'GET', target: '/orders', rawHeaders: ['X-Key', 'k-1'] });
 * if (decision.kind === 'denied') log.warn(decision.status, event.reason);
 * await chain.close();
 */
export class SecurityChain<Scopes extends string = string> implements Decider<Scopes> {
  readonly name: string;
  /** The API as a protected resource, if the options say so: its metadata, and where they are (RFC 9728). */
  readonly resource: ProtectedResource | undefined;
  readonly #decider: PolicyDecider;
  readonly #policies: PolicyTable;
  readonly #settings: DecidingSettings;
  readonly #clock: Clock;
  readonly #requires: ChainRequirements;
  readonly #statistics: DecisionStatistics | undefined;
  readonly #ofRoutes = new WeakMap<Requirement, Decider<Scopes>>();
  readonly #leases: Leases;
  #isStarted = false;
  #closing: Promise<void> | undefined;

  /** @throws {ConfigurationError} with any of the codes for options, requirements and sources */
  constructor(options: SecurityChainOptions<Scopes>, collaborators: SecurityChainCollaborators = {}) {
    const checked = SECURITY_CHAIN(options);
    const { name, firewall, requestId, resource, statistics } = checked;
    const { clock, random, listeners, debug } = SECURITY_CHAIN_COLLABORATORS(collaborators);
    const policies = new PolicyTable(name, checked);
    this.#statistics = statistics && new DecisionStatistics(name, statistics, clock);
    const observed = { chain: name, policies, clock, requestId, record: this.#statistics?.count };
    const observer = new DecisionObserver(observed, listeners, debug);
    const settings = { ...checked, firewall: requestFirewall(firewall), clock, random, observer };
    warnOfRelaxations(name, firewall);
    this.name = name;
    this.resource = resource && new ProtectedResource(resource, policies);
    this.#decider = new PolicyDecider(policies, settings);
    this.#policies = policies;
    this.#settings = settings;
    this.#clock = clock;
    this.#leases = new Leases({ name, clock, deadlineMs: checked.deadlineMs });
    const { requirement, guards, operations } = checked;
    this.#requires = Object.freeze({ requirement, guards, operations: operations?.operations ?? [] });
    chains.set(policies, this);
  }

  /** The chain that made a decision; undefined for what no chain of this copy of core has granted. */
  static of(granted: GrantedDecision): SecurityChain | undefined {
    if (!isDecision(granted) || granted.kind !== 'granted') return undefined;
    return chains.get((GrantedDecision.policyOf(granted) as Policy).table);
  }

  /** Every handler of every requirement, those of routes included, each once. */
  get handlers(): readonly SecurityHandler[] {
    return this.#policies.handlers;
  }

  /** What it requires, and of which requests: for tools that show or compare chains. */
  get requires(): ChainRequirements {
    return this.#requires;
  }

  /**
   * What was decided since the chain was made, by operation, client and reason: a frozen snapshot. Undefined without the
   * option `statistics`. Reading it sets nothing back: what happened in between is the difference of two snapshots.
   */
  get statistics(): ChainStatistics | undefined {
    return this.#statistics?.snapshot;
  }

  /** How many leases go on, and how many have ended by which reason. */
  get leases(): LeaseStatistics {
    return this.#leases.statistics;
  }

  /** What this chain starts and closes. */
  protected get held(): readonly SecurityHandler[] {
    return this.handlers;
  }

  /**
   * Warms every handler up; one that runs for another chain already is not started again. Rejects with what the first
   * failing handler reports, or when one takes longer than `timeoutMs` (default 30 000), after closing the others.
   */
  start(options: { timeoutMs?: number } = {}): Promise<void> {
    return this.#settings.observer.starting(this.#start(ownMember(options, 'timeoutMs')));
  }

  /**
   * Ends every lease. Closes every handler, last first, waiting at most `timeoutMs` (default 5 000) for each. A handler that
   * runs for another chain, too, stays open until that closes. A second call waits for the first.
   */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#isStarted = false;
    this.#leases.close();
    this.#closing ??= closeHandlers(this, this.held, this.#clock, ownMember(options, 'timeoutMs'));
    return this.#closing;
  }

  /**
   * Decides. A decision that needs no I/O, such as a cached one, is returned as it is and not as a promise. `earlier` is
   * what the chain has granted the same request at a route with another requirement: that stays required. `next` is a guard
   * that a route adds: challenges name its scopes, too.
   */
  decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard<Scopes>): Eventually<Decision> {
    return this.#decider.decide(request, earlier, next);
  }

  /** Decides and tells how. Takes plain data as well. Listeners hear of it only with `publish` (default false). */
  explain(request: SecurityRequest | IncomingRequest, options: { publish?: boolean } = {}): Promise<Explanation> {
    return this.#decider.explain(request, options.publish);
  }

  /**
   * Runs one more guard on a decision of this chain, without authenticating again: for guards that a route adds.
   * Proofs that work only once (RFC 9449 11.1) stay valid this way.
   */
  authorize(granted: GrantedDecision, guard: Guard<Scopes>, request: SecurityRequest): Eventually<Decision> {
    return this.#decider.authorize(granted, guard, request);
  }

  /** False if the framework has chosen a route with another policy since: then decide again. */
  covers(granted: GrantedDecision, request: SecurityRequest): boolean {
    return this.#decider.covers(granted, request);
  }

  readsBodies(method: string): boolean {
    return this.#policies.readsBodies(method);
  }

  /** Lists the scopes of a guard that a route adds in the metadata of the resource. */
  expect(guard: Guard<Scopes>): void {
    this.#policies.expect(guard);
  }

  lease(granted: GrantedDecision, request: IncomingRequest, terms: LeaseTerms): Lease {
    return this.#leases.grant(leaseInitOf(granted, terms), request);
  }

  /**
   * For deciders that let this chain follow another one: takes over the leases that this one would grant as well, and ends the
   * others; all of them unless `isAlike`: what was proved there is proved in the same way here.
   */
  inheritLeases(before: SecurityChain, isAlike: boolean): void {
    this.#leases.inherit(before.#leases, ({ principal }, legacy) =>
      isAlike ? successionOf(this.#policies, principal, legacy) : undefined,
    );
  }

  published(method: string, target: string): PublicAnswer | undefined {
    return this.resource?.answer(method, target);
  }

  /**
   * A decider with another requirement in the place of the chain's, for a route. All else is that of the chain: its
   * guards, its firewall, its listeners, and what its operations require. The chain starts and closes the handlers of
   * the requirement with its own. Adapters call this for `secure(requirement)`.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   * @example
   * const members = chain.requiring(anyOf(jwt, apiKey));
   */
  requiring(requirement: Requirement): Decider<Scopes> {
    const known = this.#ofRoutes.get(requirement) ?? this.#forRoute(requirement);
    this.#ofRoutes.set(requirement, known);
    return known;
  }

  async #start(timeoutMs: number | undefined): Promise<void> {
    this.#isStarted = true;
    this.#closing = undefined;
    this.#leases.open();
    try {
      await startHandlers(this, this.held, this.#clock, timeoutMs);
    } catch (error) {
      this.#isStarted = false;
      throw error;
    }
  }

  #forRoute(requirement: Requirement): Decider<Scopes> {
    const { handlers } = this;
    const own = this.#policies.add(requirement);
    const added = this.handlers.filter((handler) => !handlers.includes(handler));
    const isLate = this.#isStarted && added.length > 0;
    const warmUp = isLate ? () => this.#startLate(added) : undefined;
    const policies = new RoutePolicies(this.#policies, own, warmUp);
    // Starts them now: the first request may be long in coming.
    void policies.loading;
    return new PolicyDecider(policies, this.#settings);
  }

  #startLate(added: readonly SecurityHandler[]): Promise<Refusal | undefined> {
    return this.#settings.observer.starting(startHandlers(this, added, this.#clock)).then(
      () => undefined,
      (error) => new Refusal(unavailable(error)),
    );
  }
}

/** By the policies: their object is there before that of the chain. */
const chains = new WeakMap<object, SecurityChain>();
