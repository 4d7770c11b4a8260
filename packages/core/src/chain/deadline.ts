import { keepSpecimen } from '../brand/specimen.js';
import type { Clock } from '../clock/clock.js';
import { Deadlines, Timed } from '../clock/deadlines.js';
import type { Eventually } from '../clock/eventually.js';
import type { Decision } from '../decision/decision.js';
import type { Guard } from '../guard/guard.js';
import { type Outcome, Refusal } from '../handler/refusal.js';
import type { Abandonable } from '../request/abandonment.js';
import { isReceiving } from '../request/body.js';
import { SecurityRequest } from '../request/request.js';
import type { Run } from '../requirement/run.js';
import { unavailable } from '../verdict/verdict.js';
import type { Policy } from './policy-compiler.js';

/** The client has sent its body too slowly. That is no outage. */
const SLOW: Refusal = Object.freeze(new Refusal(Object.freeze({ kind: 'slow', reason: 'body_too_slow' })));

/**
 * A decision whose requirement is still evaluated. Whoever waits for it waits for the outcome, and makes the decision of it
 * then: that saves a promise for each caller (bench: introspection).
 */
export class Undecided {
  static {
    keepSpecimen(new this({} as Promise<Outcome>, {} as Policy, {} as Run, undefined));
  }

  readonly outcome: Promise<Outcome>;
  readonly policy: Policy;
  readonly run: Run;
  /** A guard that the route adds. */
  readonly next: Guard | undefined;

  constructor(outcome: Promise<Outcome>, policy: Policy, run: Run, next: Guard | undefined) {
    this.outcome = outcome;
    this.policy = policy;
    this.run = run;
    this.next = next;
  }
}

/** A decision, or what it still needs. */
export type Answer = Decision | Undecided;

/** How decisions end that take time. */
export interface Endings {
  /** The requirement was evaluated. */
  concluded(outcome: Outcome, undecided: Undecided): Eventually<Decision>;
  /** Nobody waits for the decision any more. */
  gaveUp(refusal: Refusal, request: SecurityRequest): Decision;
  /** What should have decided has thrown. */
  failed(error: unknown, request: SecurityRequest): Decision;
}

/** Waits for the decisions of one chain that take time: each until it is made, its deadline passes or its client is gone. */
export class DecisionDeadline {
  readonly waiting: Deadlines<WaitingDecision>;
  readonly endings: Endings;

  constructor(deadlineMs: number, clock: Clock, endings: Endings) {
    this.waiting = new Deadlines(deadlineMs, clock, true);
    this.endings = endings;
  }

  /** Rejects only where `gaveUp` or `failed` throws. When the deadline has passed, the signal of the request is aborted. */
  wait(pending: Undecided | Promise<Answer>, request: SecurityRequest): Promise<Decision> {
    const waiting = new WaitingDecision(request, this);
    this.waiting.begin(waiting);
    SecurityRequest.abandonmentOf(request).add(waiting);
    waiting.follow(pending);
    return waiting.decision;
  }
}

/** One object for all that a waiting caller needs: many may wait for one server (bench: introspection). */
class WaitingDecision extends Timed implements Abandonable {
  static {
    keepSpecimen(new this({} as SecurityRequest, {} as DecisionDeadline));
  }

  readonly #request: SecurityRequest;
  readonly #deadline: DecisionDeadline;
  readonly decision: Promise<Decision>;
  #resolve: (decision: Eventually<Decision>) => void = () => {};
  #isOver = false;

  constructor(request: SecurityRequest, deadline: DecisionDeadline) {
    super();
    this.#request = request;
    this.#deadline = deadline;
    this.decision = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  follow(pending: Undecided | Promise<Answer>): void {
    if (pending instanceof Undecided) this.#followOutcome(pending);
    else this.#followAnswer(pending);
  }

  #followOutcome(undecided: Undecided): void {
    undecided.outcome.then(
      (outcome) => this.#conclude(outcome, undecided),
      (error) => this.#fail(error),
    );
  }

  #followAnswer(pending: Promise<Answer>): void {
    pending.then(
      (answer) => this.#take(answer),
      (error) => this.#fail(error),
    );
  }

  #conclude(outcome: Outcome, undecided: Undecided): void {
    if (this.#isOver) return;
    try {
      this.#take(this.#deadline.endings.concluded(outcome, undecided));
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(answer: Eventually<Answer>): void {
    if (answer instanceof Promise || answer instanceof Undecided) this.follow(answer);
    else if (this.#leave()) this.#resolve(answer);
  }

  #fail(error: unknown): void {
    if (this.#leave()) this.#answer(() => this.#deadline.endings.failed(error, this.#request));
  }

  abandon(): void {
    this.#giveUp(new Refusal(unavailable('client_gone')));
  }

  expire(): void {
    this.#giveUp(isReceiving(this.#request) ? SLOW : new Refusal(unavailable('deadline_exceeded')));
    SecurityRequest.abandonmentOf(this.#request).complete('TimeoutError', 'The decision took too long');
  }

  #giveUp(refusal: Refusal): void {
    if (this.#leave()) this.#answer(() => this.#deadline.endings.gaveUp(refusal, this.#request));
  }

  #answer(ending: () => Decision): void {
    try {
      this.#resolve(ending());
    } catch (error) {
      this.#resolve(Promise.reject(error));
    }
  }

  /** False if it has ended before. */
  #leave(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#deadline.waiting.end(this);
    SecurityRequest.abandonmentOf(this.#request).remove(this);
    return true;
  }
}
