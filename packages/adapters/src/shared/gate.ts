import {
  ANONYMOUS,
  type Decision,
  type Eventually,
  every,
  type GrantedDecision,
  type Guard,
  type GuardLike,
  isDecision,
  type Principal,
  type RequestSource,
  type SecurityChain,
  SecurityRequest,
} from '@sallyport/core';

const GRANT: unique symbol = Symbol.for('@sallyport/adapters/grant');

/** What a chain granted a request; another chain may have granted it something before. */
interface Grant {
  readonly chain: SecurityChain;
  readonly decision: GrantedDecision;
  readonly before: Grant | undefined;
}

/** A framework's request object. One property of it is all that is written: each more is dear on Node's requests. */
interface Carrier {
  [GRANT]?: Grant;
}

/** A chain at a framework's door: decides once per request, and lets routes add guards to that decision. */
export class Gate {
  readonly #chain: SecurityChain;

  constructor(chain: SecurityChain) {
    this.#chain = chain;
  }

  /** Turns the guards of a route into one; undefined when it adds none. */
  guardOf(guards: readonly GuardLike[]): Guard | undefined {
    return guards.length === 0 ? undefined : every(...guards);
  }

  /** Decides, and leaves the principal of a granted request on `carrier`; at once if the chain decides at once. */
  decide(carrier: object, source: RequestSource, guard: Guard | undefined): Eventually<Decision> {
    const decision = this.#decide(carrier as Carrier, new SecurityRequest(source), guard);
    if (!(decision instanceof Promise)) return this.#admit(carrier as Carrier, decision);
    return decision.then((later) => this.#admit(carrier as Carrier, later));
  }

  /**
   * Decides and calls `proceed` with the decision: in this tick if the chain decided at once. `proceed` never runs
   * inside a promise or a try block, so what it throws is never taken for a refusal.
   */
  pass(carrier: object, source: RequestSource, guard: Guard | undefined, proceed: (decision: Decision) => void): void {
    const decision = this.decide(carrier, source, guard);
    if (!(decision instanceof Promise)) proceed(decision);
    else decision.then((later) => queueMicrotask(() => proceed(later)));
  }

  #decide(carrier: Carrier, request: SecurityRequest, guard: Guard | undefined): Eventually<Decision> {
    const decision = this.#granted(carrier) ?? this.#chain.decide(request);
    if (guard === undefined) return decision;
    if (decision instanceof Promise) return decision.then((later) => this.#authorize(later, guard, request));
    return this.#authorize(decision, guard, request);
  }

  /** What this chain granted the request where it was mounted before. */
  #granted(carrier: Carrier): GrantedDecision | undefined {
    let grant = carrier[GRANT];
    while (grant !== undefined && grant.chain !== this.#chain) grant = grant.before;
    return grant?.decision;
  }

  #authorize(decision: Decision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return decision.kind === 'granted' ? this.#chain.authorize(decision, guard, request) : decision;
  }

  #admit(carrier: Carrier, decision: Decision): Decision {
    if (!isDecision(decision)) throw new TypeError('only a SecurityChain decides');
    const last = carrier[GRANT];
    if (decision.kind === 'granted' && last?.decision !== decision) {
      carrier[GRANT] = { chain: this.#chain, decision, before: last };
    }
    return decision;
  }
}

/** Who was authenticated on this request; the anonymous principal where no chain has run. */
export function principalOf<Claims extends object = Record<string, unknown>>(request: object): Principal<Claims> {
  return ((request as Carrier)[GRANT]?.decision.principal ?? ANONYMOUS) as Principal<Claims>;
}

/** A CORS preflight and nothing else: a plain OPTIONS request is decided like any other. */
export function isPreflight(method: string | undefined, header: (name: string) => unknown): boolean {
  return (
    method === 'OPTIONS' && header('origin') !== undefined && header('access-control-request-method') !== undefined
  );
}
