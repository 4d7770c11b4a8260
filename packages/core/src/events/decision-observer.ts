import type { Clock } from '../clock/clock.js';
import { andThen, type Eventually } from '../clock/eventually.js';
import type { Decision } from '../decision/decision.js';
import type { Guard } from '../guard/guard.js';
import type { CredentialPlace } from '../handler/credential-place.js';
import { sourceOf } from '../handler/credential-source.js';
import type { SecurityHandler } from '../handler/handler.js';
import { credentialsSentIn } from '../handler/sent-credentials.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import { DecisionTrace } from '../request/trace.js';
import { withoutCredentials } from '../secrecy/without-credentials.js';
import type { LineWriter } from './debug-lines.js';
import { DECISION_CHANNEL, type DecisionEvent, type DecisionListener, decisionEvents } from './decision-events.js';
import { decisionLine } from './decision-line.js';
import { type Explanation, eventOf } from './explanation.js';
import { fixFor } from './fix-for.js';
import { harmless } from './harmless.js';
import type { RequestIdFunction } from './request-id.js';

/** What the observer knows of its chain. */
export interface Observed {
  readonly chain: string;
  readonly handlers: readonly SecurityHandler[];
  readonly clock: Clock;
  readonly requestId: RequestIdFunction | undefined;
}

interface Seen {
  readonly decision: Decision;
  readonly event: DecisionEvent;
}

/** Publishes the decisions of one chain: on the channel of all chains, to the chain's own listeners, and as lines. */
export class DecisionObserver {
  readonly #observed: Observed;
  readonly #places: readonly CredentialPlace[];
  readonly #listeners: readonly DecisionListener[];
  readonly #writeLine: LineWriter | undefined;
  readonly #isAlwaysHeard: boolean;

  constructor(observed: Observed, listeners: readonly DecisionListener[], writeLine: LineWriter | undefined) {
    this.#observed = observed;
    this.#places = observed.handlers.flatMap((handler) => sourceOf(handler).places);
    this.#listeners = listeners.map((listener) => harmless(listener, DECISION_CHANNEL));
    this.#writeLine = writeLine && harmless(writeLine, 'NODE_DEBUG');
    this.#isAlwaysHeard = listeners.length > 0 || writeLine !== undefined;
  }

  /** Whether there is a listener. Without one, the chain does not observe its decisions. */
  get isHeard(): boolean {
    return this.#isAlwaysHeard || decisionEvents.hasSubscribers;
  }

  /**
   * Runs `task` with a trace attached to the request. `guard` is the guard that a route added to an earlier decision.
   */
  #observe(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Seen> {
    const { chain, clock, requestId } = this.#observed;
    const trace = new DecisionTrace(() => clock.monotonic());
    SecurityRequest.attachTrace(request, trace);
    return andThen(task(), (decision) => {
      SecurityRequest.attachTrace(request, undefined);
      const id = requestId?.(request);
      return { decision, event: eventOf(decision, { chain, guard: guard?.name, request, requestId: id, trace }) };
    });
  }

  /** Observes the decision about a request of an adapter or about plain data. Listeners hear of it only with `publish`. */
  async explain(
    given: SecurityRequest | IncomingRequest,
    decide: (request: SecurityRequest) => Eventually<Decision>,
    publish = false,
  ): Promise<Explanation> {
    const request = given instanceof SecurityRequest ? given : new SecurityRequest(given);
    const { decision, event } = await this.#observe(request, () => decide(request));
    if (publish) this.#publish(event, request);
    return Object.freeze({ decision, event, line: this.#lineOf(event, request) });
  }

  /** Observes, and calls every listener before the decision is returned. */
  announce(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Decision> {
    return andThen(this.#observe(request, task, guard), ({ decision, event }) => {
      this.#publish(event, request);
      return decision;
    });
  }

  #publish(event: DecisionEvent, request: SecurityRequest): void {
    decisionEvents.publish(event);
    for (const listener of this.#listeners) listener(event);
    this.#writeLine?.(this.#lineOf(event, request));
  }

  #lineOf(event: DecisionEvent, request: SecurityRequest): string {
    const path = withoutCredentials(request.path, credentialsSentIn(request, this.#places));
    return decisionLine(event, { path, fix: fixFor(event, this.#observed.handlers) });
  }
}
