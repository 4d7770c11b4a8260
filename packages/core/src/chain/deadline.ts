import type { Clock } from '../clock/clock.js';
import { Deadlines, Timed } from '../clock/deadlines.js';
import type { Decision } from '../decision/decision.js';
import { Refusal } from '../handler/refusal.js';
import type { Abandonable } from '../request/abandonment.js';
import { isReceiving } from '../request/body.js';
import { SecurityRequest } from '../request/request.js';
import { unavailable } from '../verdict/verdict.js';

/** The client has sent its body too slowly. That is no outage. */
const SLOW: Refusal = Object.freeze(new Refusal(Object.freeze({ kind: 'slow', reason: 'body_too_slow' })));

/** The answers to requests whose decision does not come. */
export interface Endings {
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

  /** Rejects only where an ending throws. When the deadline has passed, the signal of the request is aborted. */
  wait(pending: Promise<Decision>, request: SecurityRequest): Promise<Decision> {
    const waiting = new WaitingDecision(request, this);
    waiting.follow(pending);
    return waiting.decision;
  }
}

/** One object for all that a waiting caller needs: many may wait for one server (bench: introspection). */
class WaitingDecision extends Timed implements Abandonable {
  readonly #request: SecurityRequest;
  readonly #deadline: DecisionDeadline;
  readonly decision: Promise<Decision>;
  #resolve: (decision: Decision) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isOver = false;

  constructor(request: SecurityRequest, deadline: DecisionDeadline) {
    super();
    this.#request = request;
    this.#deadline = deadline;
    this.decision = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    deadline.waiting.begin(this);
    SecurityRequest.abandonmentOf(request).add(this);
  }

  follow(pending: Promise<Decision>): void {
    pending.then(
      (decision) => this.#conclude(decision),
      (error) => this.#fail(error),
    );
  }

  #conclude(decision: Decision): void {
    if (this.#leave()) this.#resolve(decision);
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
      this.#reject(error);
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
