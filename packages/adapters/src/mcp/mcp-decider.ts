import {
  type Decider,
  type Decision,
  every,
  type GrantedDecision,
  type Guard,
  type Lease,
  type PublicAnswer,
  type Requirement,
} from '@sallyport/core';
import {
  type Eventually,
  type IncomingRequest,
  type LeaseTerms,
  option,
  RECHECKED,
  SecurityRequest,
} from '@sallyport/core/extend';
import { TOOL_LIST } from './calls/call.js';
import type { CallRules } from './calls/call-rules.js';
import { callTold, headerCallOf } from './calls/header-call.js';
import type { Inspected, Inspection } from './calls/inspection.js';

/** What a request of MCP was granted for. */
export interface McpGrant {
  /** The rules of its calls. */
  readonly rule: Guard;
  readonly inspected: Inspected | undefined;
  /** The tools that a list is not to show; undefined where no list was asked for, or all are shown. */
  readonly isHidden: ((tool: string) => boolean) | undefined;
}

const grants = new WeakMap<GrantedDecision, McpGrant>();
const refusals = new WeakMap<Decision, Inspected | undefined>();

/** Undefined for what no decider of MCP has granted. */
export function mcpGrantOf(granted: GrantedDecision): McpGrant | undefined {
  return grants.get(granted);
}

/** The id of the refused message, which its answer repeats. */
export function refusedIdOf(denied: Decision): string | number | null {
  return refusals.get(denied)?.id ?? null;
}

/**
 * Stands in front of a chain, and asks it for the calls of a request as well. First the chain decides: nobody who is not
 * authenticated has a body read. By then the header fields may have told the call, so that the challenge names its scopes; what
 * the body says is decided in any case.
 */
export class McpDecider implements Decider {
  readonly #chain: Decider;
  readonly #rules: CallRules;
  readonly #inspection: Inspection;
  readonly #hidesTools: boolean;
  readonly #inspecting = new WeakMap<Guard, Guard>();
  readonly #told = new WeakMap<Guard, WeakMap<Guard, Guard>>();

  constructor(chain: Decider, rules: CallRules, inspection: Inspection, hidesTools: boolean) {
    this.#chain = chain;
    this.#rules = rules;
    this.#inspection = inspection;
    this.#hidesTools = hidesTools;
  }

  decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard): Eventually<Decision> {
    const rule = this.#ruleTold(request);
    const told = next === undefined ? rule : joint(this.#told, rule, next);
    return andThen(this.#chain.decide(request, earlier, told), (decision) =>
      decision.kind === 'denied' ? decision : this.#decideCalls(decision, rule, request),
    );
  }

  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return andThen(this.#chain.authorize(granted, guard, request), (decision) => {
      const grant = grants.get(granted);
      if (decision.kind === 'granted' && grant !== undefined) grants.set(decision, grant);
      return decision;
    });
  }

  covers(granted: GrantedDecision, request: SecurityRequest): boolean {
    return grants.has(granted) && this.#chain.covers(granted, request);
  }

  readsBodies(method: string): boolean {
    return this.#inspection.readsBodies(method) || (this.#chain.readsBodies?.(method) ?? false);
  }

  published(method: string, target: string): PublicAnswer | undefined {
    return this.#chain.published?.(method, target);
  }

  expect(guard: Guard): void {
    this.#chain.expect?.(guard);
  }

  /** The rules of the calls are asked again with the guards of routes. */
  lease(granted: GrantedDecision, request: IncomingRequest, terms: LeaseTerms): Lease {
    const chain = this.#chain;
    if (chain.lease === undefined) throw option.invalid('chain', 'grants no leases: it has no method lease()');
    const rule = grants.get(granted)?.rule;
    return chain.lease(granted, request, rule === undefined ? terms : { ...terms, guards: [...terms.guards, rule] });
  }

  requiring(requirement: Requirement): Decider {
    const chain = this.#chain;
    if (chain.requiring === undefined)
      throw option.invalid('chain', 'takes no requirements of routes: it has no method requiring()');
    return deciderOf(chain.requiring(requirement), this.#rules, this.#inspection, this.#hidesTools);
  }

  /** Before the body is read: by the header fields, which have to say the same. */
  #ruleTold(request: SecurityRequest): Guard {
    if (!this.#inspection.readsBodies(request.method)) return this.#rules.always;
    try {
      const call = callTold(headerCallOf(request));
      return call === undefined ? this.#rules.always : this.#rules.of([call]);
    } catch {
      // The inspection finds the same, and refuses whoever is authenticated.
      return this.#rules.always;
    }
  }

  #decideCalls(granted: GrantedDecision, rule: Guard, request: SecurityRequest): Eventually<Decision> {
    const asked = this.#inspecting.get(rule) ?? every(rule, this.#inspection.guard);
    this.#inspecting.set(rule, asked);
    return andThen(this.#chain.authorize(granted, asked, request), (decision) => {
      const inspected = this.#inspection.of(request);
      const full = inspected === undefined ? rule : this.#rules.of(inspected.calls);
      if (decision.kind === 'denied' || full === rule) return this.#noted(decision, full, inspected, request);
      return andThen(this.#chain.authorize(decision, full, request), (last) =>
        this.#noted(last, full, inspected, request),
      );
    });
  }

  #noted(
    decision: Decision,
    rule: Guard,
    inspected: Inspected | undefined,
    request: SecurityRequest,
  ): Eventually<Decision> {
    if (decision.kind === 'denied') {
      refusals.set(decision, inspected);
      return decision;
    }
    grants.set(decision, { rule, inspected, isHidden: undefined });
    if (!this.#hidesTools || inspected?.calls.some(({ method }) => method === TOOL_LIST) !== true) return decision;
    return this.#rules.hiddenFrom(decision.principal, askedAgain(request)).then((isHidden) => {
      grants.set(decision, { rule, inspected, isHidden });
      return decision;
    });
  }
}

/** The same request, of which limits count nothing more. */
function askedAgain(request: SecurityRequest): SecurityRequest {
  const { method, target, headersFrom, remoteAddress, route } = request;
  const rawHeaders = SecurityRequest.linesOf(request);
  return new SecurityRequest({ method, target, rawHeaders, headersFrom, remoteAddress, route, identity: RECHECKED });
}

/** Both, made once. */
function joint(known: WeakMap<Guard, WeakMap<Guard, Guard>>, first: Guard, second: Guard): Guard {
  const ofFirst = known.get(first) ?? new WeakMap<Guard, Guard>();
  const both = ofFirst.get(second) ?? every(first, second);
  known.set(first, ofFirst.set(second, both));
  return both;
}

function andThen<Value, Next>(value: Eventually<Value>, next: (value: Value) => Eventually<Next>): Eventually<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Apart from the class, which the bundler would rename if one of its methods named it. */
function deciderOf(...parts: ConstructorParameters<typeof McpDecider>): McpDecider {
  return new McpDecider(...parts);
}
