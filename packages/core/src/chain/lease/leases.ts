import { hasExpired } from '../../cache/lifetime.js';
import type { Clock } from '../../clock/clock.js';
import { TimerWheel } from '../../clock/timer-wheel.js';
import type { LeaseEnd } from '../../decision/lease.js';
import { MisuseError } from '../../errors/errors.js';
import type { Guard } from '../../guard/guard.js';
import type { SecurityHandler } from '../../handler/handler.js';
import type { LastingProof } from '../../handler/lasting-proof.js';
import { type Principal, proofOf } from '../../principal/principal.js';
import { type IncomingRequest, SecurityRequest } from '../../request/request.js';
import type { Operation } from '../../routes/operation.js';
import { isVerdict } from '../../verdict/verdict.js';
import { ChainLease, type LeaseKeeper } from './chain-lease.js';
import { guardsInTurn } from './guards-in-turn.js';
import { keptRequest } from './kept-request.js';
import { leaseEvents } from './lease-events.js';
import { LeaseQuestion } from './lease-question.js';

/** How many leases of a chain go on, and how many have ended by which reason. */
export type LeaseStatistics = Readonly<Record<LeaseEnd | 'active', number>>;

/** A grant that is to go on. */
export interface LeaseInit {
  readonly principal: Principal;
  /** Undefined where the chain chose none. */
  readonly operation: Operation | undefined;
  /** The handlers of the requirement that was satisfied. */
  readonly handlers: readonly SecurityHandler[];
  /** Asked again one after the other. */
  readonly guards: readonly Guard[];
  /** All handlers whose credentials may be in the request. */
  readonly known: readonly SecurityHandler[];
  readonly recheckSeconds: number;
}

/** The leases of one chain, on the one timer wheel of its clock. */
export class Leases implements LeaseKeeper {
  readonly wheel: TimerWheel;
  readonly #chain: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #active = new Set<ChainLease>();
  readonly #ended: Record<LeaseEnd, number> = { expired: 0, revoked: 0, denied: 0, closed: 0, released: 0 };
  #isClosed = false;

  constructor({ name, clock, deadlineMs }: { name: string; clock: Clock; deadlineMs: number }) {
    this.wheel = TimerWheel.of(clock);
    this.#chain = name;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  get statistics(): LeaseStatistics {
    return Object.freeze({ active: this.#active.size, ...this.#ended });
  }

  /** `request` is read now and not kept. */
  grant(init: LeaseInit, request: IncomingRequest): ChainLease {
    const { principal, operation } = init;
    const lease = new ChainLease(this, principal, operation?.id, this.#clock.monotonic());
    this.#active.add(lease);
    if (this.#isClosed) lease.end('closed');
    else if (hasExpired(principal, this.#clock)) lease.end('expired');
    else this.#begin(lease, init, request);
    return lease;
  }

  /** Ends all of them. */
  close(): void {
    this.#isClosed = true;
    for (const lease of this.#active) lease.end('closed');
  }

  open(): void {
    this.#isClosed = false;
  }

  noteEnd(lease: ChainLease, end: LeaseEnd, reason: string | undefined): void {
    this.#active.delete(lease);
    this.#ended[end] += 1;
    if (end === 'released' || !leaseEvents.hasSubscribers) return;
    const { kind, issuer, subject, clientId } = lease.principal;
    leaseEvents.publish({
      kind: 'lease_ended',
      chain: this.#chain,
      operation: lease.operation,
      end,
      reason,
      principal: Object.freeze({ kind, issuer, subject, clientId }),
      heldSeconds: Math.max(0, this.#clock.monotonic() - lease.sinceMs) / 1_000,
    });
  }

  #begin(lease: ChainLease, init: LeaseInit, request: IncomingRequest): void {
    const proofs = proofsBehind(init, request);
    if (proofs === undefined) {
      lease.end('denied', 'proof_not_followed');
    } else {
      lease.begin(proofs, this.#questionFor(init, proofs, request));
      // Something may have been revoked since the decision.
      lease.reconsider();
    }
  }

  /** Undefined where there is nothing to ask. */
  #questionFor(
    { guards, known, operation, recheckSeconds }: LeaseInit,
    proofs: readonly LastingProof[],
    request: IncomingRequest,
  ): LeaseQuestion | undefined {
    const guard = guardsInTurn(guards);
    if (guard === undefined && proofs.length === 0) return undefined;
    return new LeaseQuestion({
      everyMs: recheckSeconds * 1_000,
      guard,
      request: guard && keptRequest(request, known),
      operation,
      deadlineMs: this.#deadlineMs,
      clock: this.#clock,
    });
  }
}

/** What goes on of each proof. Undefined where a credential is no longer in the request, or its handler failed. */
function proofsBehind(
  { principal, handlers }: LeaseInit,
  request: IncomingRequest,
): readonly LastingProof[] | undefined {
  const read = new SecurityRequest(request);
  try {
    return handlers.flatMap((handler) => {
      const proof = proofOf(principal, handler.name);
      return proof === undefined || handler.follow === undefined ? [] : followed(handler, proof, read);
    });
  } catch {
    return undefined;
  }
}

function followed(handler: SecurityHandler, proof: Principal, request: SecurityRequest): LastingProof {
  const credential = handler.extract(request);
  if (credential === undefined || isVerdict(credential)) throw new MisuseError('the credential is gone');
  return handler.follow?.(credential, proof) as LastingProof;
}
