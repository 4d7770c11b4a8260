import { clockOption } from '../clock/clock.js';
import * as option from '../options/options.js';
import { revocationsCheck } from '../revocation/revocations-check.js';
import { deploymentSecretsCheck } from '../secrecy/deployment-secret.js';
import { cacheStoreCheck } from '../stores/cache-store.js';
import type { BasisFinder } from './basis.js';
import type { VerdictMemoryLimits } from './verdict-memory.js';

export const VERDICT_CACHE = option.table('VerdictCacheOptions', {
  /** Keeps handlers apart: the handler's name and a `configurationDigest` of everything that changes an answer. */
  namespace: option.text,
  /** How long a good credential is remembered at most, in seconds; never beyond its expiry. */
  ttlSeconds: option.withDefault(option.between(0, 86_400), 30),
  /** Good credentials remembered at once, the least recently used goes first. */
  maxEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
  /** About how many bytes they may take together. */
  maxBytes: option.withDefault(option.between(1_024, 2 ** 40), 2 ** 26),
  /** How long a definite "no" is remembered, in seconds; 0 switches it off. */
  negativeTtlSeconds: option.withDefault(option.between(0, 3_600), 5),
  /** Refused credentials remembered at once, in a space of their own. */
  maxNegativeEntries: option.withDefault(option.between(1, 10_000_000), 10_000),
  /**
   * How much longer a good credential may be answered from memory when a lookup concluded `unavailable`, in seconds;
   * never beyond its expiry or a revocation. With 0, an outage means 503. Above 0 there is a process warning at start,
   * and `outage_bridged` when it opens.
   */
  staleIfUnavailableSeconds: option.withDefault(option.between(0, 30), 0),
  /**
   * Lookups under way at once; callers beyond them get `unavailable`. Half of the places are shared by networks, and
   * callers that were good before go first.
   */
  maxFlights: option.withDefault(option.between(1, 1_000_000), 10_000),
  /**
   * The same on all instances that share a store; at least 32 characters. Needed with a store. Two while one is replaced:
   * the first writes, both read.
   */
  secret: option.optional(deploymentSecretsCheck),
});

export interface VerdictCacheOptions extends option.Given<typeof VERDICT_CACHE> {}

/** For the options of handlers, which have some of these options as a group. */
export const verdictCacheOptions: option.Table<option.Kept<typeof VERDICT_CACHE>, VerdictCacheOptions> = VERDICT_CACHE;

export const VERDICT_CACHE_COLLABORATORS = option.table('VerdictCacheCollaborators', {
  clock: clockOption,
  /** A second tier that other instances share; only good verdicts go there, encrypted. */
  store: option.optional(cacheStoreCheck),
  /** What has been revoked; one instance may serve many caches. */
  revocations: option.optional(revocationsCheck),
  /** Finds the basis of a verdict from the store. When given, verdicts without a basis are not taken from the store. */
  basisNamed: option.optional(option.callable<BasisFinder>()),
});

/** Services of a cache. */
export interface VerdictCacheCollaborators extends option.Given<typeof VERDICT_CACHE_COLLABORATORS> {}

/** The options with their defaults, in the form that the cache works with. */
export interface VerdictCacheSettings extends VerdictMemoryLimits {
  readonly namespace: string;
  readonly secret: readonly string[] | undefined;
  readonly ttlMs: number;
  readonly maxFlights: number;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedVerdictCacheOptions(options: VerdictCacheOptions): VerdictCacheSettings {
  const { ttlSeconds, negativeTtlSeconds, staleIfUnavailableSeconds, ...others } = VERDICT_CACHE(options);
  return {
    ...others,
    ttlMs: ttlSeconds * 1_000,
    negativeTtlMs: negativeTtlSeconds * 1_000,
    graceMs: staleIfUnavailableSeconds * 1_000,
  };
}
