import type { Clock } from '../clock/clock.js';
import { andThen, type Eventually } from '../clock/eventually.js';
import type { Decision } from '../decision/decision.js';
import type { Guard } from '../guard/guard.js';
import type { CredentialPlace } from '../handler/credential-place.js';
import { sourceOf } from '../handler/credential-source.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { Bug, Refusal } from '../handler/refusal.js';
import { credentialsSentIn, unshownIn } from '../handler/sent-credentials.js';
import { toldFault } from '../handler/told-fault.js';
import { type IncomingRequest, SecurityRequest } from '../request/request.js';
import { shownPath } from '../request/shown-path.js';
import { type Advice, DecisionTrace, type TraceFault } from '../request/trace.js';
import { oneLine } from '../secrecy/quoted.js';
import { withoutCredentials } from '../secrecy/without-credentials.js';
import { debugLines, type LineWriter } from './debug-lines.js';
import {
  DECISION_CHANNEL,
  type DecisionEvent,
  type DecisionListener,
  decisionEvents,
  recordedDecisions,
} from './decision-events.js';
import { decisionLine } from './decision-line.js';
import { type Explanation, eventOf } from './explanation.js';
import { fixFor } from './fix-for.js';
import { harmless } from './harmless.js';
import { adviceOf, noteRefusal } from './note-refusal.js';
import { faultFacts, isProblem, problemOf } from './problem-of.js';
import type { RequestIdFunction } from './request-id.js';
import { Unheard } from './unheard.js';

const MAX_PROBLEM = 2_000;

/** What the observer knows of its chain. */
export interface Observed {
  readonly chain: string;
  /** Whose handlers may become more: routes add some. */
  readonly policies: { readonly handlers: readonly SecurityHandler[] };
  readonly clock: Clock;
  readonly requestId: RequestIdFunction | undefined;
  /** A record of this chain alone. As all records, it tells nobody why. It never throws. */
  readonly record: DecisionListener | undefined;
}

interface Seen {
  readonly decision: Decision;
  readonly event: DecisionEvent;
  readonly advice: readonly Advice[];
}

/** Publishes the decisions of one chain: on the channel of all chains, to the chain's own listeners, and as lines. */
export class DecisionObserver {
  readonly #observed: Observed;
  readonly #unheard: Unheard;
  readonly #listeners: readonly DecisionListener[];
  readonly #writeLine: LineWriter | undefined;
  readonly #isAlwaysHeard: boolean;

  constructor(observed: Observed, listeners: readonly DecisionListener[], debug: LineWriter | undefined) {
    const writeLine = debug ?? debugLines();
    this.#observed = observed;
    this.#unheard = new Unheard('onDecision() or a listener of the chain', observed.clock);
    this.#listeners = listeners.map((listener) => harmless(listener, DECISION_CHANNEL));
    this.#writeLine = writeLine && harmless(writeLine, 'NODE_DEBUG');
    this.#isAlwaysHeard = listeners.length > 0 || writeLine !== undefined;
  }

  /** Whether there is a listener or a record. Without them, the chain does not observe its decisions. */
  get isHeard(): boolean {
    return this.#isTold || recordedDecisions.hasSubscribers || this.#observed.record !== undefined;
  }

  /** Whether there is a listener, who learns why. */
  get #isTold(): boolean {
    return this.#isAlwaysHeard || decisionEvents.hasSubscribers;
  }

  get #handlers(): readonly SecurityHandler[] {
    return this.#observed.policies.handlers;
  }

  get #places(): readonly CredentialPlace[] {
    return this.#handlers.flatMap((handler) => sourceOf(handler).places);
  }

  /**
   * Runs `task` with a trace attached to the request. `guard` is the guard that a route added to an earlier decision.
   */
  #observe(
    request: SecurityRequest,
    task: () => Eventually<Decision>,
    { guard, isAskedFor }: { readonly guard: Guard | undefined; readonly isAskedFor: boolean },
  ): Eventually<Seen> {
    const { chain, clock, requestId } = this.#observed;
    const trace = new DecisionTrace(() => clock.monotonic(), isAskedFor);
    SecurityRequest.attachTrace(request, trace);
    return andThen(task(), (decision) => {
      SecurityRequest.attachTrace(request, undefined);
      const id = requestId?.(request);
      const event = eventOf(decision, { chain, guard: guard?.name, request, requestId: id, trace });
      return { decision, event, advice: trace.advice };
    });
  }

  /** Observes the decision about a request of an adapter or about plain data. Listeners hear of it only with `publish`. */
  async explain(
    given: SecurityRequest | IncomingRequest,
    decide: (request: SecurityRequest) => Eventually<Decision>,
    publish = false,
  ): Promise<Explanation> {
    const request = given instanceof SecurityRequest ? given : new SecurityRequest(given);
    const seen = await this.#observe(request, () => decide(request), { guard: undefined, isAskedFor: true });
    if (publish) this.#publish(seen, request);
    const { decision, event } = seen;
    return Object.freeze({ decision, event, line: this.#lineOf(seen, request), fix: this.#fixOf(seen) });
  }

  /** Observes, and calls every listener before the decision is returned. */
  announce(request: SecurityRequest, task: () => Eventually<Decision>, guard?: Guard): Eventually<Decision> {
    return andThen(this.#observe(request, task, { guard, isAskedFor: false }), (seen) => {
      this.#publish(seen, request);
      return seen.decision;
    });
  }

  /** Notes in the trace why a request is refused. A bug or an outage that nobody hears of is told on stderr. */
  noteRefusal(refusal: Refusal, request: SecurityRequest): void {
    const { trace } = request;
    if (trace === undefined && !isProblem(refusal)) return;
    const { verdict } = refusal;
    const fault = verdict.kind === 'fault' ? this.#faultOf(verdict.bug, request) : undefined;
    if (trace !== undefined) noteRefusal(refusal, fault, trace);
    if (isProblem(refusal) && !this.#isTold && trace?.isAskedFor !== true) this.#tellUnheard(refusal, fault);
  }

  /** Tells why the chain did not start, if nobody hears of its decisions. Whoever awaits the start gets the error. */
  starting(start: Promise<void>): Promise<void> {
    return start.catch((error: unknown) => {
      const { chain } = this.#observed;
      const fault = toldFault({ culprit: 'start()', error }, this.#handlers, () => []);
      if (!this.#isTold) this.#unheard.tell(`chain ${chain} did not start: ${faultFacts(fault)}`, 'start');
      throw error;
    });
  }

  #tellUnheard(refusal: Refusal, fault: TraceFault | undefined): void {
    const { chain } = this.#observed;
    const { reason } = refusal.verdict;
    const refusedBy = refusal.handler?.name;
    const fix = fixFor({ reason, refusedBy, advice: adviceOf(refusal, fault) }, this.#handlers);
    const words = `chain ${chain}: ${problemOf(refusal, fault)}.${fix === undefined ? '' : ` ${fix}`}`;
    this.#unheard.tell(oneLine(words, MAX_PROBLEM), `${reason} ${refusedBy}`);
  }

  #faultOf(bug: Bug, request: SecurityRequest): TraceFault {
    return toldFault(bug, this.#handlers, () => [...credentialsSentIn(request, this.#places), ...unshownIn(request)]);
  }

  #publish(seen: Seen, request: SecurityRequest): void {
    const { event } = seen;
    decisionEvents.publish(event);
    recordedDecisions.publish(event);
    this.#observed.record?.(event);
    for (const listener of this.#listeners) listener(event);
    this.#writeLine?.(this.#lineOf(seen, request));
  }

  #lineOf(seen: Seen, request: SecurityRequest): string {
    const path = withoutCredentials(shownPath(request.path), credentialsSentIn(request, this.#places));
    return decisionLine(seen.event, { path, fix: this.#fixOf(seen) });
  }

  #fixOf({ event: { reason, refusedBy }, advice }: Seen): string | undefined {
    return fixFor({ reason, refusedBy, advice }, this.#handlers);
  }
}
