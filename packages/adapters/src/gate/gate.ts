import type { Decider, Decision, Guard, PublicAnswer } from '@sallyport/core';
import { type Eventually, foreignCopy, isDecision, option, SecurityRequest } from '@sallyport/core/extend';
import {
  beginPassage,
  deciderOfRoute,
  forgetGrants,
  type Grant,
  grantedBy,
  grantedEarlier,
  hasGrantOf,
  lastGrantOf,
  type Passage,
  passageOf,
} from './grant.js';
import { type AnswerableReading, decideAll, type OtherReading, type PathReading, type Reading } from './reading.js';
import { checkedDemands, type RouteDemands } from './route-demands.js';

/** Who decides for a route, and the guards of the route as one. */
export interface RouteGate {
  readonly gate: Gate;
  readonly guard: Guard | undefined;
}

/**
 * A decider at a framework's door: decides once per request and operation, and lets routes add guards to that decision.
 */
export class Gate {
  readonly #decider: Decider;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is no chain, such as a promise of one */
  constructor(decider: Decider) {
    if (typeof decider?.decide !== 'function')
      throw option.invalid('chain', 'must be a SecurityChain; await a promise of one');
    this.#decider = decider;
  }

  /**
   * What `secure(…)` asks of the requests of its place: the gate of the place's own requirement, or this one, and its
   * guards as one.
   * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_REQUIREMENT_INVALID,
   *   ERR_SALLYPORT_SOURCE_CONFLICT
   */
  of(demands: RouteDemands): RouteGate {
    const { requirement, guard } = checkedDemands(demands);
    if (guard !== undefined) this.#decider.expect?.(guard);
    if (requirement === undefined) return { gate: this, guard };
    const decider = deciderOfRoute(this.#decider, requirement);
    if (decider === undefined)
      throw option.invalid('chain', 'takes no requirements of routes: it has no method requiring()');
    return { gate: gateOf(decider), guard };
  }

  /** Whether the body of a request of this method may be needed for a proof. */
  readsBodies(method: string): boolean {
    return this.#decider.readsBodies?.(method) ?? false;
  }

  /** What the decider publishes under this target; undefined for the requests that are to be decided. */
  published(method: string | undefined, target: string | undefined): PublicAnswer | undefined {
    return this.#decider.published?.(method ?? '', target ?? '');
  }

  /** Decides, and leaves the principal of a granted request on `carrier`; at once if the chain decides at once. */
  decide(carrier: object, reading: Reading, guard: Guard | undefined): Eventually<Decision> {
    const { others } = reading;
    return others === undefined
      ? this.#decideRunning(carrier, reading, guard)
      : this.#decideAll(others, carrier, reading, guard);
  }

  /**
   * Whether this decider has granted a request of this method and target before, on whatever reading of it. What a router
   * has cut off the target may be told apart, as `mount`.
   */
  hasGranted(carrier: object, method: string, target: string, mount = ''): boolean {
    return this.isAmong(lastGrantOf(carrier), method, target, mount);
  }

  /** The same, where the last grant is known: on Express, each look at a request is dear (bench: adapters). */
  isAmong(last: Grant | undefined, method: string, target: string, mount: string): boolean {
    return hasGrantOf(this.#decider, last, method, target, mount);
  }

  /** For preflights, which are not decided: takes away what a chain in front has granted. */
  letThrough(carrier: object): void {
    forgetGrants(carrier);
  }

  /**
   * Decides and calls `proceed` with the decision: in this tick if the chain decided at once, else if there is still
   * something to answer. `proceed` never runs inside a promise or a try block, so what it throws is never taken for a
   * refusal.
   */
  pass(
    carrier: object,
    source: AnswerableReading,
    guard: Guard | undefined,
    proceed: (decision: Decision) => void,
  ): void {
    const decision = this.decide(carrier, source, guard);
    if (decision instanceof Promise) proceedLater(decision, source, proceed);
    else proceed(decision);
  }

  #decideOne(carrier: object, source: Reading, guard: Guard | undefined): Eventually<Decision> {
    const passage = passageOf(carrier);
    const decision = this.#decide(passage?.grant, new SecurityRequest(source), guard);
    return decision instanceof Promise
      ? this.#admitLater(carrier, source, decision, guard)
      : this.#admit(carrier, source, decision, passage, guard);
  }

  #decideAll(
    others: readonly OtherReading[],
    carrier: object,
    reading: Reading,
    guard: Guard | undefined,
  ): Eventually<Decision> {
    return decideAll(
      others,
      (other, source) => this.#decideOne(other, source, undefined),
      () => this.#decideRunning(carrier, reading, guard),
    );
  }

  #decideRunning(carrier: object, reading: Reading, guard: Guard | undefined): Eventually<Decision> {
    const decision = this.#decideOne(carrier, reading, guard);
    const { byPath } = reading;
    if (byPath === undefined) return decision;
    return decision instanceof Promise
      ? decision.then((later) => this.#confirm(later, carrier, reading, byPath))
      : this.#confirm(decision, carrier, reading, byPath);
  }

  /** What was granted to the route of a request counts only where its path means the same, or is granted as well. */
  #confirm(decision: Decision, carrier: object, reading: Reading, byPath: PathReading): Eventually<Decision> {
    if (decision.kind === 'denied') return decision;
    const path = new SecurityRequest(byPath.source);
    if (grantedBy(this.#decider, lastGrantOf(carrier), path) !== undefined) return decision;
    const goOn = (other: Decision): Decision =>
      other.kind === 'denied' ? other : this.#admit(carrier, reading, decision, passageOf(carrier), undefined);
    const other = this.#decideOne(carrier, byPath.respelt(), undefined);
    return other instanceof Promise ? other.then(goOn) : goOn(other);
  }

  #decide(last: Grant | undefined, request: SecurityRequest, guard: Guard | undefined): Eventually<Decision> {
    const decision =
      grantedBy(this.#decider, last, request) ??
      this.#decider.decide(request, last && grantedEarlier(this.#decider, last, request), guard);
    if (guard === undefined) return decision;
    return decision instanceof Promise
      ? this.#authorizeLater(decision, guard, request)
      : this.#authorize(decision, guard, request);
  }

  #authorize(decision: Decision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return decision.kind === 'granted' ? this.#decider.authorize(decision, guard, request) : decision;
  }

  // Own functions: closures inside their callers would cost each decision an allocation (bench: adapters).

  #authorizeLater(pending: Promise<Decision>, guard: Guard, request: SecurityRequest): Promise<Decision> {
    return pending.then((decision) => this.#authorize(decision, guard, request));
  }

  #admitLater(
    carrier: object,
    source: Reading,
    pending: Promise<Decision>,
    guard: Guard | undefined,
  ): Promise<Decision> {
    return pending.then((decision) => this.#admit(carrier, source, decision, passageOf(carrier), guard));
  }

  #admit(
    carrier: object,
    source: Reading,
    decision: Decision,
    passage: Passage | undefined,
    guard: Guard | undefined,
  ): Decision {
    if (!isDecision(decision)) throw foreignCopy(decision, 'decision') ?? new TypeError('only a SecurityChain decides');
    const last = passage?.grant;
    if (decision.kind === 'granted' && (last?.decision !== decision || (guard !== undefined && last.guard !== guard))) {
      const grant = { decider: this.#decider, decision, source, guard, before: last };
      if (passage === undefined) beginPassage(carrier, grant);
      else passage.grant = grant;
    }
    return decision;
  }
}

function proceedLater(
  pending: Promise<Decision>,
  source: AnswerableReading,
  proceed: (decision: Decision) => void,
): void {
  pending.then((decision) => {
    if (!source.isOver) queueMicrotask(() => proceed(decision));
  });
}

/** Apart from the class, which the bundler would rename if one of its methods named it. */
function gateOf(decider: Decider): Gate {
  return new Gate(decider);
}
