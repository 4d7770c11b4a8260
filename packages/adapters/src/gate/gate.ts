import {
  type Decider,
  type Decision,
  every,
  type GrantedDecision,
  type Guard,
  type GuardLike,
  type Principal,
} from '@sallyport/core';
import { type Eventually, type IncomingRequest, isDecision, option, SecurityRequest } from '@sallyport/core/extend';
import { type AnswerableReading, decideAll, type OtherReading, type PathReading, type Reading } from './reading.js';

const GRANT: unique symbol = Symbol.for('@sallyport/adapters/grant');

/** What a decider granted a request by one reading of it; another may have granted it something before. */
interface Grant {
  readonly decider: Decider;
  readonly decision: GrantedDecision;
  readonly method: string;
  readonly target: string;
  readonly before: Grant | undefined;
}

/**
 * A framework's request object. One property of it is all that is used, and read once: Express changes the prototype of
 * every request, after which each access is dear.
 */
interface Carrier {
  [GRANT]?: Grant | undefined;
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

  /** Turns the guards of a route into one; undefined when it adds none. */
  guardOf(guards: readonly GuardLike[]): Guard | undefined {
    if (guards.some(isFrameworkObject))
      throw option.invalid('middleware', 'is made by a call: mount secure(), not secure');
    return guards.length === 0 ? undefined : every(...guards);
  }

  /** Decides, and leaves the principal of a granted request on `carrier`; at once if the chain decides at once. */
  decide(carrier: object, reading: Reading, guard: Guard | undefined): Eventually<Decision> {
    const { others } = reading;
    return others === undefined
      ? this.#decideRunning(carrier, reading, guard)
      : this.#decideAll(others, carrier, reading, guard);
  }

  /** Whether this decider has granted a request of this method and target before, on whatever reading of it. */
  hasGranted(carrier: object, method: string, target: string): boolean {
    let grant = (carrier as Carrier)[GRANT];
    while (grant !== undefined && !(grant.decider === this.#decider && isOf(grant, method, target)))
      grant = grant.before;
    return grant !== undefined;
  }

  /** For a preflight, which nobody decides: what a chain in front granted is not this request's any more. */
  letThrough(carrier: object): void {
    if ((carrier as Carrier)[GRANT] !== undefined) (carrier as Carrier)[GRANT] = undefined;
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

  #decideOne(carrier: object, source: IncomingRequest, guard: Guard | undefined): Eventually<Decision> {
    const last = (carrier as Carrier)[GRANT];
    const decision = this.#decide(last, new SecurityRequest(source), guard);
    return decision instanceof Promise
      ? this.#admitLater(carrier, source, decision)
      : this.#admit(carrier, source, decision, last);
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
    if (this.#granted((carrier as Carrier)[GRANT], path) !== undefined) return decision;
    const goOn = (other: Decision): Decision =>
      other.kind === 'denied' ? other : this.#admit(carrier, reading, decision, (carrier as Carrier)[GRANT]);
    const other = this.#decideOne(carrier, byPath.respelt(), undefined);
    return other instanceof Promise ? other.then(goOn) : goOn(other);
  }

  #decide(last: Grant | undefined, request: SecurityRequest, guard: Guard | undefined): Eventually<Decision> {
    const decision = this.#granted(last, request) ?? this.#decider.decide(request);
    if (guard === undefined) return decision;
    return decision instanceof Promise
      ? this.#authorizeLater(decision, guard, request)
      : this.#authorize(decision, guard, request);
  }

  /** What this decider granted where it was mounted before, if method, target and operation are still the same. */
  #granted(last: Grant | undefined, request: SecurityRequest): GrantedDecision | undefined {
    let grant = last;
    while (grant !== undefined && !(grant.decider === this.#decider && this.#covers(grant, request)))
      grant = grant.before;
    return grant?.decision;
  }

  #covers(grant: Grant, request: SecurityRequest): boolean {
    return isOf(grant, request.method, request.target) && this.#decider.covers(grant.decision, request);
  }

  #authorize(decision: Decision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return decision.kind === 'granted' ? this.#decider.authorize(decision, guard, request) : decision;
  }

  // Apart from their callers, which would otherwise pay for the closures also when a decision is there at once.

  #authorizeLater(pending: Promise<Decision>, guard: Guard, request: SecurityRequest): Promise<Decision> {
    return pending.then((decision) => this.#authorize(decision, guard, request));
  }

  #admitLater(carrier: object, source: IncomingRequest, pending: Promise<Decision>): Promise<Decision> {
    return pending.then((decision) => this.#admit(carrier, source, decision, (carrier as Carrier)[GRANT]));
  }

  #admit(carrier: object, source: IncomingRequest, decision: Decision, last: Grant | undefined): Decision {
    if (!isDecision(decision)) throw new TypeError('only a SecurityChain decides');
    if (decision.kind === 'granted' && last?.decision !== decision) {
      const { method, target } = source;
      (carrier as Carrier)[GRANT] = { decider: this.#decider, decision, method, target, before: last };
    }
    return decision;
  }
}

function isOf(grant: Grant, method: string, target: string): boolean {
  return grant.method === method && grant.target === target;
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

/** What was granted to this request, or to whatever else carries the grant; undefined where no chain has run. */
export function grantedTo(carrier: object): GrantedDecision | undefined {
  return (carrier as Carrier)[GRANT]?.decision;
}

/** What goes where a framework's users look for a user: nobody is none, or `if (request.user)` would be true of anyone. */
export function userOf(principal: Principal): Principal | undefined {
  return principal.kind === 'anonymous' ? undefined : principal;
}

/** Lets `principalOf` and `attemptedOf` be asked of a context, too: it stays, also where its request is replaced. */
export function shareGrant(request: object, context: object): void {
  (context as Carrier)[GRANT] = (request as Carrier)[GRANT];
}

/** A request or context, which a framework passes when the function that makes middleware was mounted as middleware. */
function isFrameworkObject(guard: GuardLike): boolean {
  return typeof guard === 'object' && guard !== null && !Array.isArray(guard) && !('check' in guard);
}
