import type { Clock } from '../../clock/clock.js';
import { within } from '../../clock/within.js';
import { askGuard } from '../../guard/ask-guard.js';
import type { Guard, GuardVerdict } from '../../guard/guard.js';
import type { IncomingRequest, LocatedOperation } from '../../request/incoming-request.js';
import { SecurityRequest } from '../../request/request.js';
import { unavailable } from '../../verdict/verdict.js';
import type { ChainLease, StandingQuestion } from './chain-lease.js';

/** What is asked again, and how. */
export interface QuestionInit {
  readonly everyMs: number;
  /** All guards as one; undefined where there are none. */
  readonly guard: Guard | undefined;
  /** What guards see of the request; undefined where there are none. */
  readonly request: IncomingRequest | undefined;
  /** What guards read path parameters of. */
  readonly operation: LocatedOperation | undefined;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** How soon a question is asked again that nobody could answer. */
const SOON_MS = 5_000;

/** Asks the proofs and the guards of one lease whether it may go on. */
export class LeaseQuestion implements StandingQuestion {
  readonly everyMs: number;
  readonly #init: QuestionInit;
  /** Since when nobody can tell, on the monotonic clock. */
  #openSinceMs: number | undefined;

  constructor(init: QuestionInit) {
    this.everyMs = init.everyMs;
    this.#init = init;
  }

  ask(lease: ChainLease): void {
    const { guard, request } = this.#init;
    lease.reconsider();
    if (lease.ended !== undefined) return;
    const { isInDoubt } = lease;
    if (lease.ended !== undefined) return;
    if (isInDoubt) this.#leaveOpen(lease, 'proof_outdated');
    else if (guard === undefined || request === undefined) this.#goOn(lease);
    else this.#askGuard(lease, guard, request);
  }

  #askGuard(lease: ChainLease, guard: Guard, kept: IncomingRequest): void {
    const request = new SecurityRequest(kept);
    SecurityRequest.locate(request, this.#init.operation);
    try {
      const answer = askGuard(guard, lease.principal, request);
      if (answer instanceof Promise) this.#askLater(lease, answer);
      else this.#weigh(lease, answer);
    } catch {
      lease.end('denied', 'guard_threw');
    }
  }

  /** The lease may have gone over to another chain meanwhile, which has asked by itself. */
  #askLater(lease: ChainLease, answer: Promise<GuardVerdict>): void {
    const { clock, deadlineMs: timeoutMs } = this.#init;
    within({ clock, timeoutMs }, answer, () => unavailable('deadline_exceeded')).then(
      (verdict) => {
        if (lease.isAskedBy(this)) this.#weigh(lease, verdict);
      },
      () => {
        if (lease.isAskedBy(this)) lease.end('denied', 'guard_threw');
      },
    );
  }

  /** Who is over a limit or cannot be judged now has not been refused. */
  #weigh(lease: ChainLease, verdict: GuardVerdict): void {
    if (verdict.kind === 'permitted') this.#goOn(lease);
    else if (verdict.kind === 'unavailable' || verdict.kind === 'limited') this.#leaveOpen(lease, verdict.reason);
    else lease.end('denied', verdict.kind === 'abstained' ? 'all_guards_abstained' : verdict.reason);
  }

  #goOn(lease: ChainLease): void {
    this.#openSinceMs = undefined;
    lease.askAfter(this.everyMs);
  }

  #leaveOpen(lease: ChainLease, reason: string): void {
    const nowMs = this.#init.clock.monotonic();
    this.#openSinceMs ??= nowMs;
    const leftMs = this.#openSinceMs + this.everyMs - nowMs;
    if (leftMs <= 0) lease.end('denied', reason);
    else lease.askAfter(Math.min(leftMs, SOON_MS));
  }
}
