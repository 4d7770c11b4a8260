import type { Clock } from '../clock/clock.js';
import { andThen, type Eventually } from '../clock/eventually.js';
import type { Decision } from '../decision/decision.js';
import type { Guard } from '../guard/guard.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import { DecisionTrace } from '../request/trace.js';
import { DECISION_CHANNEL, type DecisionEvent, type DecisionListener, decisionEvents } from './decision-events.js';
import { type Explanation, explanationOf } from './explanation.js';
import { harmless } from './harmless.js';
import type { RequestIdFunction } from './request-id.js';

/** Publishes the decisions of one chain: on the channel of all chains, and to the chain's own listeners. */
export class DecisionObserver {
  readonly #chain: string;
  readonly #listeners: readonly DecisionListener[];
  readonly #clock: Clock;
  readonly #requestId: RequestIdFunction | undefined;

  constructor(
    chain: string,
    listeners: readonly DecisionListener[],
    clock: Clock,
    requestId: RequestIdFunction | undefined,
  ) {
    this.#chain = chain;
    this.#requestId = requestId;
    this.#listeners = listeners.map((listener) => harmless(listener, DECISION_CHANNEL));
    this.#clock = clock;
  }

  /** Whether there is a listener. Without one, the chain does not observe its decisions. */
  get isHeard(): boolean {
    return this.#listeners.length > 0 || decisionEvents.hasSubscribers;
  }

  /**
   * Runs `task` with a trace attached to the request. `guard` is the guard that a route added to an earlier decision.
   */
  observe(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Explanation> {
    const trace = new DecisionTrace(() => this.#clock.monotonic());
    SecurityRequest.attachTrace(request, trace);
    return andThen(task(), (decision) => {
      SecurityRequest.attachTrace(request, undefined);
      const requestId = this.#requestId?.(request);
      return explanationOf(decision, { chain: this.#chain, guard: guard?.name, request, requestId, trace });
    });
  }

  /** Observes the decision about a request of an adapter or about plain data. Listeners hear of it only with `publish`. */
  async explain(
    given: SecurityRequest | IncomingRequest,
    decide: (request: SecurityRequest) => Eventually<Decision>,
    publish = false,
  ): Promise<Explanation> {
    const request = given instanceof SecurityRequest ? given : new SecurityRequest(given);
    const explanation = await this.observe(request, () => decide(request));
    if (publish) this.publish(explanation.event);
    return explanation;
  }

  /** Observes, and calls every listener before the decision is returned. */
  announce(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Decision> {
    return andThen(this.observe(request, task, guard), ({ decision, event }) => {
      this.publish(event);
      return decision;
    });
  }

  publish(event: DecisionEvent): void {
    decisionEvents.publish(event);
    for (const listener of this.#listeners) listener(event);
  }
}
