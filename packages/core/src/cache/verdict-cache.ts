import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../clock.js';
import type { Eventually } from '../eventually.js';
import { between, checkOptions, having, text, withDefault } from '../options.js';
import type { SecurityRequest } from '../request.js';
import type { Authenticated, Denied, Verdict } from '../verdict.js';

export interface VerdictCacheOptions {
  /** Keeps handlers apart: the handler's name and a digest of everything in its options that changes an answer. */
  readonly namespace: string;
  /** How long a good credential is remembered at most, in seconds; never beyond its expiry. 0 to 86 400, default 30. */
  readonly ttlSeconds?: number | undefined;
  /** Good credentials remembered at once, the least recently used goes first. 1 to 10 000 000, default 10 000. */
  readonly maxEntries?: number | undefined;
  /** How long a definite "no" is remembered, in seconds. 0 to 3 600, default 5; 0 switches it off. */
  readonly negativeTtlSeconds?: number | undefined;
  /** Refused credentials remembered at once, in a space of their own. 1 to 10 000 000, default 10 000. */
  readonly maxNegativeEntries?: number | undefined;
}

interface Entry<Kept extends Verdict> {
  readonly verdict: Kept;
  /** On the monotonic clock, so that setting the machine's clock cannot prolong it. */
  readonly staleAtMs: number;
}

/**
 * Remembers what a handler found out about a credential, under a keyed hash of it. Good answers end with the
 * credential's own expiry at the latest, checked again on every hit; definite refusals live shortly in a bounded
 * space of their own; outages and everything else are never kept. Concurrent first uses share one lookup.
 */
export class VerdictCache {
  readonly #keyPrefix: string;
  readonly #good: LRUCache<string, Entry<Authenticated>>;
  readonly #bad: LRUCache<string, Entry<Denied>>;
  readonly #flights = new Map<string, Promise<Verdict>>();
  readonly #ttlMs: number;
  readonly #negativeTtlMs: number;
  readonly #clock: Clock;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: VerdictCacheOptions, collaborators: { clock?: Clock | undefined } = {}) {
    const checked = checkOptions('VerdictCacheOptions', options, {
      namespace: text,
      ttlSeconds: withDefault(between(0, 86_400), 30),
      maxEntries: withDefault(between(1, 10_000_000), 10_000),
      negativeTtlSeconds: withDefault(between(0, 3_600), 5),
      maxNegativeEntries: withDefault(between(1, 10_000_000), 10_000),
    });
    const services = checkOptions('VerdictCacheCollaborators', collaborators, {
      clock: withDefault(having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    });
    this.#keyPrefix = hash('sha256', randomBytes(32).toString('hex') + checked.namespace, 'hex');
    this.#good = new LRUCache({ max: checked.maxEntries });
    this.#bad = new LRUCache({ max: checked.maxNegativeEntries });
    this.#ttlMs = checked.ttlSeconds * 1_000;
    this.#negativeTtlMs = checked.negativeTtlSeconds * 1_000;
    this.#clock = services.clock;
  }

  /** The remembered verdict, at once, or what `load` finds out; one `load` per credential at a time. */
  resolve(credential: string, request: SecurityRequest, load: () => Promise<Verdict>): Eventually<Verdict> {
    const key = hash('sha256', this.#keyPrefix + credential, 'base64url');
    const nowMs = this.#clock.monotonic();
    const good = fresh(this.#good, key, nowMs);
    if (good !== undefined && !this.#hasExpired(good)) {
      request.trace?.noteCache('hit');
      return good;
    }
    const bad = fresh(this.#bad, key, nowMs);
    if (bad !== undefined) {
      request.trace?.noteCache('negative_hit');
      return bad;
    }
    const flight = this.#flights.get(key);
    request.trace?.noteCache(flight === undefined ? 'miss' : 'joined');
    return flight ?? this.#fly(key, load);
  }

  /** A failed flight fails everybody who joined it and is forgotten: later callers try again. */
  #fly(key: string, load: () => Promise<Verdict>): Promise<Verdict> {
    const flight = load()
      .then((verdict) => this.#keep(key, verdict))
      .finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  #keep(key: string, verdict: Verdict): Verdict {
    const nowMs = this.#clock.monotonic();
    if (verdict.kind === 'authenticated') {
      const ttlMs = Math.min(this.#ttlMs, this.#remainingMs(verdict));
      if (ttlMs > 0) this.#good.set(key, { verdict, staleAtMs: nowMs + ttlMs });
    } else if (verdict.kind === 'denied' && this.#negativeTtlMs > 0) {
      this.#bad.set(key, { verdict, staleAtMs: nowMs + this.#negativeTtlMs });
    }
    return verdict;
  }

  #hasExpired(verdict: Authenticated): boolean {
    return this.#remainingMs(verdict) <= 0;
  }

  #remainingMs({ principal: { expiresAt } }: Authenticated): number {
    return expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt * 1_000 - this.#clock.now();
  }
}

function fresh<Kept extends Verdict>(
  space: LRUCache<string, Entry<Kept>>,
  key: string,
  nowMs: number,
): Kept | undefined {
  const entry = space.get(key);
  if (entry === undefined) return undefined;
  if (nowMs < entry.staleAtMs) return entry.verdict;
  space.delete(key);
  return undefined;
}
