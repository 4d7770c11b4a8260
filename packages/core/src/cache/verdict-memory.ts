import type { Clock } from '../clock/clock.js';
import { Expiring } from '../clock/expiring.js';
import { GoodBefore, type Standing } from '../limits/good-before.js';
import type { Principal } from '../principal/principal.js';
import { REVOKED } from '../revocation/revocable-proof.js';
import type { Revocations } from '../revocation/revocations.js';
import { type Authenticated, type Denied, type Unavailable, unavailable } from '../verdict/verdict.js';
import type { Basis } from './basis.js';
import type { CacheCounters } from './cache-statistics.js';
import { hasExpired } from './lifetime.js';
import { Remembered, VerdictSpace, type VerdictTimes } from './verdict-space.js';

/** What is remembered about a bad credential: a refusal, or an outage that this credential caused. */
export type Negative = Denied | Unavailable;

export const PROOF_OUTDATED: Unavailable = unavailable('proof_outdated');

/** These refusals end by themselves. If they were remembered, they would last longer than their cause. */
const PASSING_REASONS: ReadonlySet<string> = new Set(['token_not_yet_valid', 'token_issued_in_future']);

export interface VerdictMemoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxNegativeEntries: number;
  readonly negativeTtlMs: number;
  /** How long after its lifetime a good verdict is still held, for use during an outage. */
  readonly graceMs: number;
}

/** The verdicts that this process remembers: good ones and refusals in separate spaces, so that neither displaces the other. */
export class VerdictMemory {
  readonly good: VerdictSpace;
  readonly bad: Expiring<Negative>;
  readonly #limits: VerdictMemoryLimits;
  readonly #counters: CacheCounters;
  readonly #clock: Clock;
  readonly #revocations: Revocations;
  /** Whose verdicts have left `good`. To note those in it as well would cost each 46 bytes (bench: growth). */
  readonly #goodBefore: GoodBefore;
  #era = 0;

  constructor(
    limits: VerdictMemoryLimits,
    counters: CacheCounters,
    collaborators: { clock: Clock; revocations: Revocations },
  ) {
    const goodBefore = new GoodBefore({ areSecret: false }, collaborators.clock);
    this.good = new VerdictSpace(limits, (key, { askedMs }) => goodBefore.noteCredential(key, askedMs));
    this.#goodBefore = goodBefore;
    this.bad = new Expiring({ maxEntries: limits.maxNegativeEntries }, collaborators.clock);
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = collaborators.clock;
    this.#revocations = collaborators.revocations;
  }

  /**
   * The good verdict about a credential while it is fresh, or a refusal if it was revoked. What was asked for `maxAgeMs` ago
   * is too old. Refusals have no such limit: they let nobody pass, and keep bad credentials away from servers. Undefined
   * also while the revocations of other instances have to be read first.
   */
  recall(key: string, credential: string, maxAgeMs: number): Authenticated | Denied | undefined {
    const remembered = this.good.find(key);
    return remembered && this.#use(key, credential, remembered, 0, maxAgeMs);
  }

  /** As `recall`, but also for a while after the lifetime: for outages. */
  recallStale(key: string, credential: string, maxAgeMs: number): Authenticated | Denied | undefined {
    const remembered = this.good.find(key);
    return remembered && this.#use(key, credential, remembered, this.#limits.graceMs, maxAgeMs);
  }

  /** When the good verdict about a credential was asked for; long ago if there is none. */
  askedMs(key: string): number {
    return this.good.find(key)?.askedMs ?? 0;
  }

  /** The remembered refusal, or `REVOKED`, or the remembered outage. */
  refusal(key: string, credential: string): Negative | undefined {
    const remembered = this.bad.get(key);
    if (remembered?.kind === 'denied') return remembered;
    return this.#revocations.refuses(credential) ? REVOKED : remembered;
  }

  /** The refusal if a verdict that was given during this decision no longer holds. */
  recheck(key: string, credential: string, principal: Principal): Denied | Unavailable | undefined {
    const refused = this.refusal(key, credential);
    if (refused?.kind === 'denied') return refused;
    const remembered = this.good.find(key);
    const { epoch } = remembered ?? this.#revocations;
    if (this.#revocations.statusOf(credential, principal, epoch) !== 'clear') return REVOKED;
    return remembered?.basis?.stands(this.#clock.monotonic()) === false ? PROOF_OUTDATED : undefined;
  }

  /** How well the caller is known who sends this credential. */
  standingOf(key: string, address: string | undefined): Standing {
    return this.good.has(key) ? 'known' : this.#goodBefore.standingOf(key, address);
  }

  /** Call it when a credential has proved good, and after `keep`. */
  noteGood(key: string, address: string | undefined): void {
    this.#goodBefore.noteNetwork(address);
    if (!this.good.has(key) || this.#goodBefore.has(key)) this.#goodBefore.noteCredential(key);
  }

  keep(key: string, verdict: Authenticated, times: VerdictTimes, basis: Basis | undefined): void {
    this.bad.delete(key);
    this.good.keep(key, new Remembered(verdict, times, this.#revocations.epoch, basis));
  }

  refuse(key: string, verdict: Denied): void {
    this.good.drop(key);
    if (this.#limits.negativeTtlMs === 0 || PASSING_REASONS.has(verdict.reason)) return;
    this.bad.set(key, verdict, this.#limits.negativeTtlMs);
  }

  /** Suspends lookups of a credential for a while. Its good verdict stays, for use during the outage. */
  suspend(key: string, outage: Unavailable, seconds: number | undefined): void {
    const { negativeTtlMs } = this.#limits;
    if (negativeTtlMs === 0) return;
    this.bad.set(key, outage, seconds === undefined ? negativeTtlMs : seconds * 1_000);
  }

  /** How often all refusals were forgotten. A lookup that began in an earlier era must not bring its refusal back. */
  get era(): number {
    return this.#era;
  }

  forgetRefusals(): void {
    this.#era += 1;
    this.bad.clear();
  }

  drop(key: string): void {
    this.good.drop(key);
    this.bad.delete(key);
  }

  #use(
    key: string,
    credential: string,
    remembered: Remembered,
    graceMs: number,
    maxAgeMs: number,
  ): Authenticated | Denied | undefined {
    const { freshUntilMs, askedMs, epoch, basis } = remembered;
    const nowMs = this.#clock.monotonic();
    const overMs = nowMs - freshUntilMs;
    if (overMs >= this.#limits.graceMs || hasExpired(remembered.principal, this.#clock)) {
      this.good.drop(key);
      return undefined;
    }
    if (overMs >= graceMs || nowMs - askedMs >= maxAgeMs || basis?.stands(nowMs) === false) return undefined;
    // With grace, an outage is bridged: that goes on while the bus is away, too.
    if (!this.#revocations.keepUp(nowMs) && graceMs === 0) return undefined;
    return epoch === this.#revocations.epoch ? remembered : this.#recheck(key, credential, remembered);
  }

  /** After a revocation, each good verdict is checked once before its next use. */
  #recheck(key: string, credential: string, remembered: Remembered): Authenticated | Denied | undefined {
    const { principal, epoch } = remembered;
    const status = this.#revocations.statusOf(credential, principal, epoch);
    if (status === 'clear') {
      Remembered.noteChecked(remembered, this.#revocations.epoch);
      return remembered;
    }
    this.#counters.revoked += 1;
    if (status === 'revoked') this.refuse(key, REVOKED);
    else this.good.drop(key);
    return status === 'revoked' ? REVOKED : undefined;
  }
}
