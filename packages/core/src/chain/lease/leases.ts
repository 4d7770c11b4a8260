import { hasExpired } from '../../cache/lifetime.js';
import type { Clock } from '../../clock/clock.js';
import { TimerWheel } from '../../clock/timer-wheel.js';
import type { LeaseEnd } from '../../decision/lease.js';
import { MisuseError } from '../../errors/errors.js';
import { faultFacts } from '../../events/problem-of.js';
import { Unheard } from '../../events/unheard.js';
import type { Guard } from '../../guard/guard.js';
import type { SecurityHandler } from '../../handler/handler.js';
import type { LastingProof } from '../../handler/lasting-proof.js';
import { toldFault } from '../../handler/told-fault.js';
import { type Principal, proofOf } from '../../principal/principal.js';
import { type IncomingRequest, SecurityRequest } from '../../request/request.js';
import type { Operation } from '../../routes/operation.js';
import { isVerdict } from '../../verdict/verdict.js';
import { ChainLease, type LeaseKeeper, type LeaseLegacy } from './chain-lease.js';
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
  /** The guards that routes added, where another chain may follow. */
  readonly inherited: readonly Guard[] | undefined;
}

/** What a chain asks about a lease of the chain before it. */
export interface Succession {
  readonly guards: readonly Guard[];
  readonly operation: Operation | undefined;
}

/** The leases of one chain, on the one timer wheel of its clock. */
export class Leases implements LeaseKeeper {
  readonly wheel: TimerWheel;
  readonly #chain: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #bugs: Unheard;
  readonly #active = new Set<ChainLease>();
  readonly #ended: Record<LeaseEnd, number> = { expired: 0, revoked: 0, denied: 0, closed: 0, released: 0 };
  #isClosed = false;

  constructor({ name, clock, deadlineMs }: { name: string; clock: Clock; deadlineMs: number }) {
    this.wheel = TimerWheel.of(clock);
    this.#chain = name;
    this.#clock = clock;
    this.#bugs = new Unheard('onLeaseEvent()', clock);
    this.#deadlineMs = deadlineMs;
  }

  get statistics(): LeaseStatistics {
    return Object.freeze({ active: this.#active.size, ...this.#ended });
  }

  /** `request` is read now and not kept. */
  grant(init: LeaseInit, request: IncomingRequest): ChainLease {
    const { principal, operation, inherited: guards, known, recheckSeconds } = init;
    const legacy = guards && { request: keptRequest(request, known), guards, everyMs: recheckSeconds * 1_000 };
    const lease = new ChainLease(this, { principal, operation: operation?.id, legacy }, this.#clock.monotonic());
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

  /**
   * Takes the leases of the chain before over. `succeed` tells what this chain asks about one, or that it does not grant it.
   */
  inherit(before: Leases, succeed: (lease: ChainLease, legacy: LeaseLegacy) => Succession | undefined): void {
    for (const lease of before.#active) {
      const { legacy } = lease;
      const succession = legacy && succeed(lease, legacy);
      if (legacy === undefined || succession === undefined) {
        lease.end('denied', 'configuration_changed');
      } else {
        before.#active.delete(lease);
        this.#active.add(lease);
        const { guards, operation } = succession;
        lease.moveTo(this, this.#question(guards, operation, legacy));
      }
    }
  }

  noteEnd(lease: ChainLease, end: LeaseEnd, reason: string | undefined): void {
    this.#active.delete(lease);
    this.#ended[end] += 1;
    if (end === 'released' || !leaseEvents.hasSubscribers) return;
    const { kind, issuer, subject, clientId, actor } = lease.principal;
    leaseEvents.publish({
      kind: 'lease_ended',
      chain: this.#chain,
      operation: lease.operation,
      end,
      reason,
      principal: Object.freeze({ kind, issuer, subject, clientId, actor }),
      heldSeconds: Math.max(0, this.#clock.monotonic() - lease.sinceMs) / 1_000,
    });
  }

  /** Its message stays away: nobody knows any more what it may not tell. */
  noteBug(error: unknown): void {
    const facts = faultFacts({ ...toldFault({ culprit: 'a proof', error }, [], () => []), message: '' });
    this.#bugs.tell(`chain ${this.#chain}: ${facts}: its lease ends`, 'proof');
  }

  #begin(lease: ChainLease, init: LeaseInit, request: IncomingRequest): void {
    const proofs = proofsBehind(init, request);
    if (proofs === undefined) {
      lease.end('denied', 'proof_not_followed');
    } else {
      lease.begin(proofs, this.#questionFor(init, proofs, lease, request));
      // Something may have been revoked since the decision.
      lease.reconsider();
    }
  }

  /** Undefined where there is nothing to ask. */
  #questionFor(
    { guards, known, operation, recheckSeconds }: LeaseInit,
    proofs: readonly LastingProof[],
    { legacy }: ChainLease,
    received: IncomingRequest,
  ): LeaseQuestion | undefined {
    if (guards.length === 0 && proofs.length === 0) return undefined;
    const request = legacy?.request ?? (guards.length === 0 ? undefined : keptRequest(received, known));
    return this.#question(guards, operation, { request, everyMs: recheckSeconds * 1_000 });
  }

  #question(
    guards: readonly Guard[],
    operation: Operation | undefined,
    { request, everyMs }: { request: IncomingRequest | undefined; everyMs: number },
  ): LeaseQuestion {
    const [clock, deadlineMs] = [this.#clock, this.#deadlineMs];
    return new LeaseQuestion({ everyMs, guard: guardsInTurn(guards), request, operation, deadlineMs, clock });
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
