import type { Clock } from '../clock/clock.js';
import { adopt, andThen, type Eventually } from '../clock/eventually.js';
import { publishCacheEvent } from '../events/cache-events.js';
import type { SecurityRequest } from '../request/request.js';
import { REVOKED } from '../revocation/revocable-proof.js';
import type { Revocations } from '../revocation/revocations.js';
import { type Authenticated, isVerdict, type Unavailable, type Verdict } from '../verdict/verdict.js';
import { type Basis, FoundedVerdict } from './basis.js';
import type { CacheCounters } from './cache-statistics.js';
import type { Finding, Flight, Waiters } from './flights.js';
import { lifetimeMs } from './lifetime.js';
import type { SharedTier, SharedVerdict } from './shared-tier.js';
import type { VerdictMemory } from './verdict-memory.js';

/** A verdict of another process may be older than every revocation known here. */
const BEFORE_ANY_REVOCATION = 0;

/**
 * Looks a verdict up, at once if that needs no time. A function that takes the credential can be one for all callers: each
 * who waits holds its own otherwise (bench: introspection).
 */
export type VerdictLoad = (waiters: Waiters, credential: string) => Eventually<Verdict | FoundedVerdict>;

/** What each request has to prove beside its credential, such as the possession of a key. It is never remembered. */
export interface ProofOfPossession {
  /** The good verdict as it holds for this request. */
  proved(verdict: Authenticated, credential: string, request: SecurityRequest): Eventually<Verdict>;
}

/** The verdict, proved if there is something to prove. What is no verdict stays as it is: `Verification` says what is wrong with it. */
export function proved(
  verdict: Verdict,
  possession: ProofOfPossession | undefined,
  credential: string,
  request: SecurityRequest,
): Eventually<Verdict> {
  if (possession === undefined || !isVerdict(verdict) || verdict.kind !== 'authenticated') return verdict;
  return possession.proved(verdict, credential, request);
}

/** One credential to look up. */
export interface Question {
  readonly key: string;
  readonly credential: string;
  readonly load: VerdictLoad;
  readonly possession: ProofOfPossession | undefined;
  /** How old a remembered verdict may be that answers it. */
  readonly maxAgeMs: number;
}

/** A good verdict and its basis, if it has one. */
interface Founded {
  readonly verdict: Authenticated;
  readonly basis: Basis | undefined;
}

/** Services of a lookup. */
export interface LookupCollaborators {
  readonly memory: VerdictMemory;
  readonly shared: SharedTier | undefined;
  readonly revocations: Revocations;
  readonly counters: CacheCounters;
  readonly clock: Clock;
}

/** Finds a verdict that is not in memory: in the shared store, or else by asking the handler. Remembers the result. */
export class VerdictLookup {
  readonly #namespace: string;
  readonly #ttlMs: number;
  readonly #memory: VerdictMemory;
  readonly #shared: SharedTier | undefined;
  readonly #revocations: Revocations;
  readonly #counters: CacheCounters;
  readonly #clock: Clock;
  /** True from the first stale answer of an outage until a lookup succeeds again. */
  #isBridging = false;

  constructor(options: { namespace: string; ttlMs: number }, collaborators: LookupCollaborators) {
    this.#namespace = options.namespace;
    this.#ttlMs = options.ttlMs;
    this.#memory = collaborators.memory;
    this.#shared = collaborators.shared;
    this.#revocations = collaborators.revocations;
    this.#counters = collaborators.counters;
    this.#clock = collaborators.clock;
  }

  /** At once if nobody has to be asked who needs time. */
  run(question: Question, flight: Flight): Eventually<Finding> {
    return andThen(this.#consult(question, flight), (known) => known ?? this.#load(question, flight));
  }

  /** During an outage: the verdict that memory holds beyond its lifetime (`staleIfUnavailableSeconds`), or the outage. */
  bridge({ key, credential, maxAgeMs }: Question, outage: Unavailable): Finding {
    const verdict = this.#memory.recallStale(key, credential, maxAgeMs);
    if (verdict?.kind !== 'authenticated') return foundNow(verdict ?? outage);
    this.#counters.staleHits += 1;
    if (!this.#isBridging) {
      this.#isBridging = true;
      publishCacheEvent({ kind: 'outage_bridged', namespace: this.#namespace, reason: outage.reason });
    }
    return { verdict, cache: 'stale', askedMs: this.#memory.askedMs(key), outage };
  }

  /** Asks other instances: for their revocations and, if a store is shared, for the verdict. */
  #consult(question: Question, flight: Flight): Eventually<Finding | undefined> {
    const synchronised = this.#revocations.synchronise();
    const { key, credential, maxAgeMs } = question;
    const shared = maxAgeMs > 0 ? this.#shared : undefined;
    if (shared === undefined && !(synchronised instanceof Promise)) return undefined;
    // What is remembered only waited for the revocations: no store has to be asked.
    const isHeld = synchronised instanceof Promise && this.#memory.good.has(key);
    return Promise.all([synchronised, isHeld ? undefined : shared?.read(credential)]).then(([_, found]) => {
      const remembered = isHeld ? this.#memory.recall(key, credential, maxAgeMs) : undefined;
      if (remembered !== undefined)
        return { verdict: remembered, cache: 'hit', askedMs: this.#memory.askedMs(key), outage: undefined };
      if (this.#revocations.refuses(credential)) return this.#revoked();
      if (found === undefined || !this.#revocations.covers(found.endsAtMs - this.#ttlMs)) return undefined;
      return this.#admitShared(question, found, flight);
    });
  }

  #load(question: Question, flight: Flight): Eventually<Finding> {
    const since = this.#revocations.epoch;
    const { era } = this.#memory;
    return andThen(adopt(question.load(flight, question.credential)), (found) => {
      const [verdict, basis] = found instanceof FoundedVerdict ? [found.verdict, found.basis] : [found, undefined];
      if (!isVerdict(verdict)) return foundNow(verdict);
      if (verdict.kind === 'unavailable') return this.bridge(question, verdict);
      this.#isBridging = false;
      if (verdict.kind === 'authenticated') return this.#admit(question, { verdict, basis }, since, flight);
      const isKept = verdict.kind === 'denied' && flight.isCurrent && era === this.#memory.era;
      if (isKept) this.#memory.refuse(question.key, verdict);
      return foundNow(verdict);
    });
  }

  /** A copy of a stored verdict lives for half of its remaining time, so that changes in the store are seen soon. */
  #admitShared({ key, credential, maxAgeMs }: Question, shared: SharedVerdict, flight: Flight): Finding | undefined {
    const { verdict, endsAtMs, basis } = shared;
    const nowMs = this.#clock.monotonic();
    // A verdict that ends with its credential is younger than this, and is then looked up too early.
    const ageMs = Math.max(0, this.#clock.now() - (endsAtMs - this.#ttlMs));
    if (ageMs >= maxAgeMs) return undefined;
    const status = this.#revocations.statusOf(credential, verdict.principal, BEFORE_ANY_REVOCATION);
    if (status === 'revoked') return this.#revoked();
    if (status === 'outdated') return undefined;
    const leftMs = lifetimeMs(verdict.principal, Math.min(this.#ttlMs, endsAtMs - this.#clock.now()), this.#clock);
    const askedMs = nowMs - ageMs;
    if (flight.isCurrent) this.#memory.keep(key, verdict, { askedMs, freshUntilMs: nowMs + leftMs / 2 }, basis);
    this.#counters.sharedHits += 1;
    return { verdict, cache: 'shared_hit', askedMs, outage: undefined };
  }

  /** If the token was revoked during the lookup, its verdict is neither given nor kept. */
  #admit({ key, credential }: Question, { verdict, basis }: Founded, since: number, flight: Flight): Finding {
    const status = this.#revocations.statusOf(credential, verdict.principal, since);
    if (status === 'revoked') this.#memory.refuse(key, REVOKED);
    if (status !== 'clear') return this.#revoked();
    const ttlMs = lifetimeMs(verdict.principal, this.#ttlMs, this.#clock);
    if (flight.isCurrent && ttlMs > 0) {
      const nowMs = this.#clock.monotonic();
      const { startedMs: askedMs } = flight;
      this.#memory.keep(key, verdict, { askedMs, freshUntilMs: nowMs + ttlMs }, basis);
      // Other instances read the age of a verdict from its end.
      this.#shared?.write(credential, { verdict, basis, endsAtMs: this.#clock.now() + ttlMs - (nowMs - askedMs) });
    }
    return foundNow(verdict);
  }

  #revoked(): Finding {
    this.#counters.revoked += 1;
    return foundNow(REVOKED);
  }
}

/** What a lookup found just now. */
function foundNow(verdict: Verdict): Finding {
  return { verdict, cache: undefined, askedMs: undefined, outage: undefined };
}
