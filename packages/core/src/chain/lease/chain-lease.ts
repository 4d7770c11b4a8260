import type { Reckoning, TimerWheel, WheelItem } from '../../clock/timer-wheel.js';
import type { Lease, LeaseEnd } from '../../decision/lease.js';
import { harmless } from '../../events/harmless.js';
import type { Guard } from '../../guard/guard.js';
import type { LastingProof, ProofWatcher } from '../../handler/lasting-proof.js';
import type { Principal } from '../../principal/principal.js';
import type { IncomingRequest } from '../../request/incoming-request.js';

/** What the leases of one chain have in common. */
export interface LeaseKeeper {
  readonly wheel: TimerWheel;
  /** Takes note of the end, and why. */
  noteEnd(lease: ChainLease, end: LeaseEnd, reason: string | undefined): void;
  /** Takes note of a bug in a proof. */
  noteBug(error: unknown): void;
}

/** A question that is asked again and again, such as that of the guards. Calls `answer`, at once or later. */
export interface StandingQuestion {
  readonly everyMs: number;
  ask(lease: ChainLease): void;
}

/** What a chain that follows another one has to know of its leases. */
export interface LeaseLegacy {
  /** As guards see it. */
  readonly request: IncomingRequest;
  /** The guards that routes added. */
  readonly guards: readonly Guard[];
  readonly everyMs: number;
}

/** A lease of a chain. It waits on the wheel for its expiry and for its next question, and its proofs call it. */
export class ChainLease implements Lease, WheelItem, ProofWatcher {
  readonly principal: Principal;
  /** The id of the operation that was granted. */
  readonly operation: string | undefined;
  /** When it began, on the monotonic clock, in whole milliseconds. */
  readonly sinceMs: number;
  /** What another chain is asked by; undefined where none follows. */
  readonly legacy: LeaseLegacy | undefined;
  #keeper: LeaseKeeper;
  #proofs: readonly LastingProof[] = [];
  #question: StandingQuestion | undefined;
  #expirySlot = 0;
  #questionSlot = 0;
  #ended: LeaseEnd | undefined;
  #listeners: ((reason: LeaseEnd) => void)[] | undefined;
  #controller: AbortController | undefined;

  constructor(
    keeper: LeaseKeeper,
    { principal, operation, legacy }: Pick<ChainLease, 'principal' | 'operation' | 'legacy'>,
    sinceMs: number,
  ) {
    this.#keeper = keeper;
    this.legacy = legacy;
    this.principal = principal;
    this.operation = operation;
    this.sinceMs = Math.floor(sinceMs);
  }

  get ended(): LeaseEnd | undefined {
    return this.#ended;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined) this.#controller.abort(endedBy(this.#ended));
    return this.#controller.signal;
  }

  onEnd(listener: (reason: LeaseEnd) => void): void {
    const told = harmless(listener, 'the end of a lease');
    if (this.#ended !== undefined) told(this.#ended);
    else if (this.#listeners === undefined) this.#listeners = [told];
    else this.#listeners.push(told);
  }

  release(): void {
    this.end('released');
  }

  /** Begins to wait: for the expiry of its principal, for its proofs to fall, and for the question. */
  begin(proofs: readonly LastingProof[], question: StandingQuestion | undefined): void {
    const { expiresAt } = this.principal;
    this.#proofs = proofs;
    this.#question = question;
    this.#questionSlot = 0;
    if (expiresAt !== undefined) this.#expirySlot = this.#keeper.wheel.at(expiresAt * 1_000, this);
    for (const proof of proofs) if (this.#ended === undefined) this.#try(() => proof.watch(this));
    if (question !== undefined) this.askAfter(question.everyMs);
  }

  /** Goes on under another chain, which is asked at once. */
  moveTo(keeper: LeaseKeeper, question: StandingQuestion | undefined): void {
    this.#keeper.wheel.remove('delay', this.#questionSlot, this);
    this.#keeper = keeper;
    const proofs = this.#proofs.map((proof) => this.#try(() => proof.detached?.()) ?? proof);
    if (this.#ended !== undefined) return;
    this.#proofs = proofs;
    this.#question = question;
    question?.ask(this);
  }

  /** Only the first end counts. */
  end(end: LeaseEnd, reason?: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#stop();
    this.#keeper.noteEnd(this, end, reason);
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    this.#controller?.abort(endedBy(end));
    for (const listener of listeners) listener(end);
  }

  askAfter(delayMs: number): void {
    if (this.#ended === undefined) this.#questionSlot = this.#keeper.wheel.after(delayMs, this);
  }

  due(reckoning: Reckoning): void {
    if (reckoning === 'date') this.end('expired');
    else this.#question?.ask(this);
  }

  /** Whether this question is the one to answer: not that of a chain before, nor that of a lease that is over. */
  isAskedBy(question: StandingQuestion): boolean {
    return this.#question === question;
  }

  /** A revocation may concern it. */
  reconsider(): void {
    for (const proof of this.#proofs) {
      const verdict = this.#try(() => proof.recheck());
      if (verdict !== undefined && verdict.kind !== 'unavailable' && verdict.kind !== 'authenticated')
        this.end('revoked', verdict.reason);
    }
  }

  /** Whether a proof cannot be told to hold now. */
  get isInDoubt(): boolean {
    return this.#proofs.some((proof) => this.#try(() => proof.recheck())?.kind === 'unavailable');
  }

  /** Proofs are the code of handlers: one that throws ends its own lease and disturbs no other. */
  #try<Answer>(ask: () => Answer): Answer | undefined {
    try {
      return ask();
    } catch (error) {
      this.#keeper.noteBug(error);
      this.end('denied', 'proof_threw');
      return undefined;
    }
  }

  #stop(): void {
    const { wheel } = this.#keeper;
    wheel.remove('date', this.#expirySlot, this);
    wheel.remove('delay', this.#questionSlot, this);
    const proofs = this.#proofs;
    this.#proofs = [];
    this.#question = undefined;
    for (const proof of proofs) this.#try(() => proof.unwatch());
  }
}

function endedBy(end: LeaseEnd): DOMException {
  return new DOMException(`The lease has ended: ${end}`, 'AbortError');
}
