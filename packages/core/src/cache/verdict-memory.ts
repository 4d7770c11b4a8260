import type { Clock } from '../clock/clock.js';
import { Expiring } from '../clock/expiring.js';
import type { Principal } from '../principal/principal.js';
import type { Revocations } from '../revocation/revocations.js';
import { type Authenticated, type Denied, denied, type Unavailable, unavailable } from '../verdict/verdict.js';
import type { Basis } from './basis.js';
import type { CacheCounters } from './cache-statistics.js';
import { hasExpired } from './lifetime.js';
import { Remembered, VerdictSpace } from './verdict-space.js';

/** What is remembered of credentials that are not good: refusals, and for how long nobody asks about one. */
export type Negative = Denied | Unavailable;

export const REVOKED: Denied = denied('token_revoked');
const PROOF_OUTDATED: Unavailable = unavailable('proof_outdated');

/** Refusals that time alone lifts; to remember them would prolong them. */
const PASSING_REASONS: ReadonlySet<string> = new Set(['token_not_yet_valid', 'token_issued_in_future']);

export interface VerdictMemoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxNegativeEntries: number;
  readonly negativeTtlMs: number;
  /** How long after its lifetime a good verdict is still held, for use during an outage. */
  readonly graceMs: number;
}

/** The verdicts that this process remembers: good ones and refusals in a space each, so that neither crowds the other. */
export class VerdictMemory {
  readonly good: VerdictSpace;
  readonly bad: Expiring<Negative>;
  readonly #limits: VerdictMemoryLimits;
  readonly #counters: CacheCounters;
  readonly #clock: Clock;
  readonly #revocations: Revocations;
  #era = 0;

  constructor(
    limits: VerdictMemoryLimits,
    counters: CacheCounters,
    collaborators: { clock: Clock; revocations: Revocations },
  ) {
    this.good = new VerdictSpace(limits);
    this.bad = new Expiring({ maxEntries: limits.maxNegativeEntries }, collaborators.clock);
    this.#limits = limits;
    this.#counters = counters;
    this.#clock = collaborators.clock;
    this.#revocations = collaborators.revocations;
  }

  /** The good verdict about a credential as long as it is fresh, or the refusal that a revocation made of it. */
  recall(key: string, credential: string): Authenticated | Denied | undefined {
    const remembered = this.good.find(key);
    return remembered && this.#use(key, credential, remembered, 0);
  }

  /** The same, but also for a while after its lifetime: for outages. */
  recallStale(key: string, credential: string): Authenticated | Denied | undefined {
    const remembered = this.good.find(key);
    return remembered && this.#use(key, credential, remembered, this.#limits.graceMs);
  }

  /** The refusal or outage that is remembered, or the refusal that a revocation demands. */
  refusal(key: string, credential: string): Negative | undefined {
    const remembered = this.bad.get(key);
    if (remembered?.kind === 'denied') return remembered;
    return this.#revocations.refuses(credential) ? REVOKED : remembered;
  }

  /** What became of a good verdict that was given out a moment ago: the refusal that is due instead, if any is. */
  recheck(key: string, credential: string, principal: Principal): Denied | Unavailable | undefined {
    const refused = this.refusal(key, credential);
    if (refused?.kind === 'denied') return refused;
    const remembered = this.good.find(key);
    const { epoch } = remembered ?? this.#revocations;
    if (this.#revocations.judge(credential, principal, epoch) !== 'clear') return REVOKED;
    return remembered?.basis?.stands(this.#clock.monotonic()) === false ? PROOF_OUTDATED : undefined;
  }

  keep(key: string, verdict: Authenticated, ttlMs: number, basis: Basis | undefined): void {
    this.bad.delete(key);
    this.good.keep(key, new Remembered(verdict, this.#clock.monotonic() + ttlMs, this.#revocations.epoch, basis));
  }

  refuse(key: string, verdict: Denied): void {
    this.good.drop(key);
    if (this.#limits.negativeTtlMs === 0 || PASSING_REASONS.has(verdict.reason)) return;
    this.bad.set(key, verdict, this.#limits.negativeTtlMs);
  }

  /** For a while nobody is asked about a credential. What is known of it stays. */
  suspend(key: string, outage: Unavailable, seconds: number | undefined): void {
    const { negativeTtlMs } = this.#limits;
    if (negativeTtlMs === 0) return;
    this.bad.set(key, outage, seconds === undefined ? negativeTtlMs : seconds * 1_000);
  }

  /** Counts how often the refusals were forgotten: one that was found out before is not to be kept after it. */
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

  #use(key: string, credential: string, remembered: Remembered, graceMs: number): Authenticated | Denied | undefined {
    const { verdict, freshUntilMs, epoch, basis } = remembered;
    const nowMs = this.#clock.monotonic();
    const overMs = nowMs - freshUntilMs;
    if (overMs >= this.#limits.graceMs || hasExpired(verdict.principal, this.#clock)) {
      this.good.drop(key);
      return undefined;
    }
    if (overMs >= graceMs || basis?.stands(nowMs) === false) return undefined;
    this.#revocations.keepUp(nowMs);
    return epoch === this.#revocations.epoch ? verdict : this.#recheck(key, credential, remembered);
  }

  /** After every revocation, every good verdict proves itself once more before it is used again. */
  #recheck(key: string, credential: string, remembered: Remembered): Authenticated | Denied | undefined {
    const { verdict, epoch } = remembered;
    const judgement = this.#revocations.judge(credential, verdict.principal, epoch);
    if (judgement === 'clear') {
      remembered.epoch = this.#revocations.epoch;
      return verdict;
    }
    this.#counters.revoked += 1;
    if (judgement === 'revoked') this.refuse(key, REVOKED);
    else this.good.drop(key);
    return judgement === 'revoked' ? REVOKED : undefined;
  }
}
