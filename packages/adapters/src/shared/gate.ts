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

const PRINCIPAL: unique symbol = Symbol.for('@sallyport/adapters/principal');

interface Carrier {
  [PRINCIPAL]?: Principal;
  [grant: symbol]: GrantedDecision | Principal | undefined;
}

/** Where a chain's decision is kept on a framework's request object. Every chain has a place of its own. */
const PLACES = new WeakMap<SecurityChain, symbol>();

function placeOf(chain: SecurityChain): symbol {
  const place = PLACES.get(chain) ?? Symbol('sallyport.grant');
  PLACES.set(chain, place);
  return place;
}

/** A chain at a framework's door: decides once per request, and lets routes add guards to that decision. */
export class Gate {
  readonly #chain: SecurityChain;
  readonly #grant: symbol;

  constructor(chain: SecurityChain) {
    this.#chain = chain;
    this.#grant = placeOf(chain);
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
    const earlier = carrier[this.#grant] as GrantedDecision | undefined;
    const decision = earlier ?? this.#chain.decide(request);
    if (guard === undefined) return decision;
    if (decision instanceof Promise) return decision.then((later) => this.#authorize(later, guard, request));
    return this.#authorize(decision, guard, request);
  }

  #authorize(decision: Decision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return decision.kind === 'granted' ? this.#chain.authorize(decision, guard, request) : decision;
  }

  #admit(carrier: Carrier, decision: Decision): Decision {
    if (!isDecision(decision)) throw new TypeError('only a SecurityChain decides');
    if (decision.kind === 'granted') {
      carrier[this.#grant] = decision;
      carrier[PRINCIPAL] = decision.principal;
    }
    return decision;
  }
}

/** Who was authenticated on this request; the anonymous principal where no chain has run. */
export function principalOf<Claims extends object = Record<string, unknown>>(request: object): Principal<Claims> {
  return ((request as Carrier)[PRINCIPAL] ?? ANONYMOUS) as Principal<Claims>;
}

/** A CORS preflight and nothing else: a plain OPTIONS request is decided like any other. */
export function isPreflight(method: string | undefined, header: (name: string) => unknown): boolean {
  return (
    method === 'OPTIONS' && header('origin') !== undefined && header('access-control-request-method') !== undefined
  );
}
