import type { Clock } from '../clock/clock.js';
import { andThen, type Eventually } from '../clock/eventually.js';
import type { Decision } from '../decision/decision.js';
import type { Guard } from '../guard/guard.js';
import { SecurityRequest } from '../request/request.js';
import { DecisionTrace } from '../request/trace.js';
import { DECISION_CHANNEL, type DecisionListener, decisionEvents } from './decision-events.js';
import { type Explanation, explanationOf } from './explanation.js';
import { harmless } from './harmless.js';

/** Watches the decisions of one chain, and tells those who listen: to all chains by the channel, or to this one. */
export class DecisionObserver {
  readonly #chain: string;
  readonly #listeners: readonly DecisionListener[];
  readonly #clock: Clock;

  constructor(chain: string, listeners: readonly DecisionListener[], clock: Clock) {
    this.#chain = chain;
    this.#listeners = listeners.map((listener) => harmless(listener, DECISION_CHANNEL));
    this.#clock = clock;
  }

  /** Whether anybody listens; if not, observing is left out. */
  get isHeard(): boolean {
    return this.#listeners.length > 0 || decisionEvents.hasSubscribers;
  }

  /** Lets `task` decide under a trace. `guard` is the one that a route added to an earlier decision. */
  observe(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Explanation> {
    const trace = new DecisionTrace(() => this.#clock.monotonic());
    SecurityRequest.attachTrace(request, trace);
    return andThen(task(), (decision) => {
      SecurityRequest.attachTrace(request, undefined);
      return explanationOf(decision, { chain: this.#chain, guard: guard?.name, request, trace });
    });
  }

  /** Observes, and tells everybody who listens before the decision is given. */
  announce(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Decision> {
    return andThen(this.observe(request, task, guard), ({ decision, event }) => {
      decisionEvents.publish(event);
      for (const listener of this.#listeners) listener(event);
      return decision;
    });
  }
}
