import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import type { LastingProof } from '../handler/lasting-proof.js';
import { readOnce } from '../handler/shared-reading.js';
import * as option from '../options/options.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { Revocations } from '../revocation/revocations.js';
import { LiveHash } from '../secrecy/live-hash.js';
import { type Authenticated, type Unavailable, type Verdict } from '../verdict/verdict.js';
import { CacheCounters, type CacheStatistics } from './cache-statistics.js';
import { type Finding, Flight, Flights, TOO_MANY_LOOKUPS } from './flights.js';
import { FoundedProof } from './founded-proof.js';
import { Passenger } from './passenger.js';
import { SharedTier, type SharedTierCollaborators } from './shared-tier.js';
import {
  checkedVerdictCacheOptions,
  VERDICT_CACHE_COLLABORATORS,
  type VerdictCacheCollaborators,
  type VerdictCacheOptions,
} from './verdict-cache-options.js';
import { type ProofOfPossession, proved, type Question, type VerdictLoad, VerdictLookup } from './verdict-lookup.js';
import { VerdictMemory } from './verdict-memory.js';

/**
 * Remembers a handler's verdict about a credential, under a keyed hash of the credential. Good verdicts end with the
 * credential's own expiry at the latest, checked again on every hit. Definite refusals, and outages that concern one
 * credential alone, are kept for a short time in a bounded space of their own. Nothing else is kept. Concurrent first
 * uses share one lookup.
 */
export class VerdictCache {
  readonly #hash: LiveHash;
  readonly #revocations: Revocations;
  readonly #memory: VerdictMemory;
  readonly #flights: Flights;
  readonly #lookup: VerdictLookup;
  readonly #shared: SharedTier | undefined;
  readonly #counters = new CacheCounters();
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: VerdictCacheOptions, collaborators: VerdictCacheCollaborators = {}) {
    const settings = checkedVerdictCacheOptions(options);
    const { clock, store, basisNamed, revocations = new Revocations() } = VERDICT_CACHE_COLLABORATORS(collaborators);
    const services = { clock, revocations };
    if (revocations.keepSeconds * 1_000 < settings.ttlMs + settings.graceMs) {
      throw option.invalid('VerdictCacheOptions.ttlSeconds', 'must not be longer than revocations are remembered');
    }
    if (settings.graceMs > 0) {
      const { namespace } = settings;
      process.emitWarning(`${namespace} bridges outages (staleIfUnavailableSeconds)`, 'SallyportWarning');
    }
    // The lifetime is part of the namespace: caches with different lifetimes do not share answers.
    const purpose = JSON.stringify(['verdict', settings.namespace, settings.ttlMs]);
    const counters = this.#counters;
    this.#clock = clock;
    // Instances tell each other what to forget by these names.
    this.#hash =
      settings.secret === undefined ? revocations.caches.hashFor(purpose) : new LiveHash(settings.secret, purpose);
    this.#revocations = revocations;
    revocations.caches.add(this);
    this.#memory = new VerdictMemory(settings, counters, services);
    this.#flights = new Flights(settings.maxFlights, this.#memory, clock);
    this.#shared = store && sharedTier({ ...settings, purpose }, { store, clock, basisNamed });
    this.#lookup = new VerdictLookup(settings, { ...services, counters, memory: this.#memory, shared: this.#shared });
  }

  /** Counters and sizes so far. Cheap. */
  get statistics(): CacheStatistics {
    const { good, bad } = this.#memory;
    return Object.freeze({
      ...this.#counters,
      evictions: good.evictions,
      negativeEvictions: bad.evictions,
      forged: this.#shared?.forged ?? 0,
      entries: good.size,
      bytes: good.bytes,
      negativeEntries: bad.size,
      flights: this.#flights.size,
    });
  }

  /**
   * The remembered good verdict about a credential, if there is one that is new enough for the request; counts as a hit.
   * Asks nobody, and no `ProofOfPossession` either: ask for that yourself where a credential may be bound to a key.
   */
  find(credential: string, request: SecurityRequest): Authenticated | undefined {
    const key = readOnce(this.#hash.name, credential, request);
    const verdict = this.#memory.recall(key, credential, maxAgeMs(request));
    if (verdict?.kind !== 'authenticated') return undefined;
    this.#counters.hits += 1;
    request.trace?.noteCache('hit');
    return verdict;
  }

  /**
   * The remembered verdict, or the result of `load`. A promise only where something takes time: `load`, the shared store, the
   * revocations of other instances, or the proof of possession. Concurrent callers with the same
   * credential share one `load`. It must therefore use the signal of the waiters, and never the signal of one request. `credential` must
   * be well-formed Unicode. A good verdict that is too old for the operation (`maxVerdictAgeSeconds` of the request) is no
   * answer, wherever it comes from: memory, the shared store, a lookup that began before, or an outage that is bridged.
   * `possession` is asked for each request about a good verdict, wherever that comes from.
   */
  resolve(
    credential: string,
    request: SecurityRequest,
    load: VerdictLoad,
    possession?: ProofOfPossession,
  ): Eventually<Verdict> {
    const key = readOnce(this.#hash.name, credential, request);
    const ageMs = maxAgeMs(request);
    const known = this.#memory.recall(key, credential, ageMs) ?? this.#memory.refusal(key, credential);
    if (known === undefined) return this.#ask({ key, credential, load, possession, maxAgeMs: ageMs }, request);
    const verdict =
      known.kind === 'unavailable'
        ? this.#bridge({ key, credential, load, possession, maxAgeMs: ageMs }, known, request)
        : this.#noteHit(known, request);
    return proved(verdict, possession, credential, request);
  }

  /**
   * Answers `outage` for this credential without a lookup, for so many seconds. Meant for a credential that makes its
   * lookup fail, because the next lookup would fail as well. Default `negativeTtlSeconds`; if that is 0, this has no
   * effect.
   */
  suspend(credential: string, outage: Unavailable, seconds?: number): void {
    this.#memory.suspend(this.#hash.of(credential), outage, seconds);
  }

  /** For `recheck` of a handler: the refusal if a verdict of this cache no longer holds. Starts no lookup. */
  recheck(credential: string, principal: Principal): Verdict | undefined {
    return this.#memory.recheck(this.#hash.of(credential), credential, principal);
  }

  /**
   * For `follow` of a handler: what goes on of a verdict after its request. It falls by a revocation, and when what the
   * verdict rests on falls. Holds neither the credential nor the verdict.
   */
  follow(credential: string, principal: Principal): LastingProof {
    const remembered = this.#memory.good.find(this.#hash.of(credential));
    const proof = this.#revocations.follow(credential, principal, remembered?.epoch ?? 0, remembered?.basis?.revocable);
    return remembered?.basis === undefined ? proof : new FoundedProof(proof, remembered.basis, this.#clock);
  }

  /**
   * Forgets what is known about a credential: here at once, then in the shared store, and within a second in the caches of
   * the other instances, if their revocations share a bus. The next caller looks it up again. The promise is true if the
   * other instances were told.
   */
  async forget(credential: string): Promise<boolean> {
    const names = this.#hash.allOf(credential);
    for (const name of names) this.#forgetHere(name);
    // In this order: otherwise another instance might take from the store what it has just forgotten.
    await this.#shared?.drop(credential);
    return this.#revocations.caches.forgetElsewhere(names);
  }

  /** Forgets what is known under a keyed hash, also what a lookup under way would bring. */
  forgetNamed(name: string): void {
    this.#forgetHere(name);
    // A lookup that ended before this was told may have written since the store forgot.
    this.#shared?.dropNamed(name);
  }

  /** Forgets every refusal of this process, also those of lookups under way: refused credentials may be good now. */
  forgetRefusals(): void {
    this.#memory.forgetRefusals();
  }

  #forgetHere(name: string): void {
    this.#memory.drop(name);
    this.#flights.drop(name);
  }

  #noteHit(verdict: Verdict, request: SecurityRequest): Verdict {
    const isGood = verdict.kind === 'authenticated';
    this.#counters[isGood ? 'hits' : 'negativeHits'] += 1;
    request.trace?.noteCache(isGood ? 'hit' : 'negative_hit');
    return verdict;
  }

  #bridge(question: Question, outage: Unavailable, request: SecurityRequest): Verdict {
    const { verdict, cache } = this.#lookup.bridge(question, outage);
    if (cache === undefined) return this.#noteHit(verdict, request);
    request.trace?.noteCache(cache);
    return verdict;
  }

  /** Own function: a closure inside `resolve` would cost every cache hit an allocation (bench: cache). */
  #ask(question: Question, request: SecurityRequest): Eventually<Verdict> {
    const askedMs = this.#clock.monotonic();
    const underWay = this.#flights.find(question.key, question.maxAgeMs);
    const lookup = underWay ?? this.#start(question, request);
    if (lookup === undefined) return TOO_MANY_LOOKUPS;
    this.#counters[underWay === undefined ? 'misses' : 'joined'] += 1;
    request.trace?.noteCache(underWay === undefined ? 'miss' : 'joined');
    if (!(lookup instanceof Flight)) return this.#conclude(lookup, question, askedMs, request);
    return this.#concludeLater(new Passenger(question, askedMs, request, lookup));
  }

  #concludeLater(passenger: Passenger): Promise<Verdict> {
    return passenger.board().then((landed) => {
      const { question, askedMs, request } = passenger;
      return this.#conclude(passenger.arrive(landed), question, askedMs, request);
    });
  }

  #start(question: Question, request: SecurityRequest): Flight | Finding | undefined {
    // The address is read now: a closed connection has none.
    return this.#flights.start(question.key, request.remoteAddress, (flight) => this.#lookup.run(question, flight));
  }

  #conclude(finding: Finding, question: Question, askedMs: number, request: SecurityRequest): Eventually<Verdict> {
    const { verdict, cache } = finding;
    // Who joined the lookup of another caller may want a newer verdict than that one did.
    if (finding.askedMs !== undefined && askedMs - finding.askedMs >= question.maxAgeMs)
      return finding.outage ?? this.#askAnew(question, request);
    if (cache !== undefined) request.trace?.noteCache(cache);
    return proved(verdict, question.possession, question.credential, request);
  }

  /** Takes nothing that is remembered or under way, so that this is the last attempt. */
  #askAnew(question: Question, request: SecurityRequest): Eventually<Verdict> {
    return this.#ask({ ...question, maxAgeMs: 0 }, request);
  }
}

/** Infinite where the operation says nothing. */
function maxAgeMs({ maxVerdictAgeSeconds }: SecurityRequest): number {
  return maxVerdictAgeSeconds === undefined ? Number.POSITIVE_INFINITY : maxVerdictAgeSeconds * 1_000;
}

function sharedTier(
  { namespace, purpose, secret }: { namespace: string; purpose: string; secret: readonly string[] | undefined },
  collaborators: SharedTierCollaborators,
): SharedTier {
  if (secret === undefined)
    throw option.invalid('VerdictCacheOptions.secret', 'is needed with a store: set cache.secret of the handler');
  return new SharedTier({ namespace, purpose, secret }, collaborators);
}
