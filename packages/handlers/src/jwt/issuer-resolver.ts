import { isDeepStrictEqual } from 'node:util';
import {
  between,
  type Clock,
  callable,
  checkOptions,
  type Eventually,
  invalid,
  type OptionCheck,
  SallyportError,
  textOrTexts,
  UpstreamError,
  withDefault,
} from '@sallyport/core';
import { runInTurn, Shares } from '@sallyport/core/limits';
import { LRUCache } from 'lru-cache';
import { answerWithin } from '../answer-within.js';
import type { Issuer, IssuerCollaborators } from './issuer.js';
import type { TrustedIssuer } from './issuer-options.js';
import { ResolvedIssuer } from './resolved-issuer.js';

/** Issuers that are found at run time: one for each tenant, say. */
export interface IssuerResolverOptions {
  /**
   * Which issuers may be resolved at all: a list, or a function that says so at once. It is asked about every token, also
   * a remembered one, and sees issuers that nobody has verified yet, so it has to name hosts in full and must not search
   * for parts of a text.
   */
  readonly trusts: readonly string[] | ((issuer: string) => boolean);
  /**
   * Looks an issuer up; `undefined` for one that does not exist. A rejection means 503. Options that are equal to the
   * last ones leave keys and remembered tokens alone; functions are compared by identity, so make them once.
   */
  readonly resolve: (issuer: string) => Promise<TrustedIssuer | undefined>;
  /**
   * How long an answer is used, in seconds. It is asked for again when four fifths of that are over, and serves on
   * meanwhile. 1 to 86 400, default 600.
   */
  readonly ttlSeconds?: number | undefined;
  /** Issuers remembered at once, the least recently used goes first. 1 to 100 000, default 1 000. */
  readonly maxIssuers?: number | undefined;
  /** How long a lookup may take, in milliseconds. 1 to 30 000, default 2 000. */
  readonly timeoutMs?: number | undefined;
}

const MAX_LOOKUPS = 64;
const MAX_WAITING = 64;
/** Issuers are looked up again before their answer is too old, so that in the normal case nobody ever waits. */
const REFRESH_AT_SHARE = 0.8;
const MAX_MISSING = 1_000;
const MISSING_MS = 30_000;

/**
 * Resolves issuers, each once for a while, few at a time. Lookups of unknown ones are shared by networks, and leave
 * places to those that were good before: names that somebody made up crowd nobody out.
 */
export class IssuerResolver {
  readonly #trusts: (issuer: string) => boolean;
  readonly #resolve: IssuerResolverOptions['resolve'];
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  readonly #services: IssuerCollaborators;
  readonly #clock: Clock;
  readonly #resolved: LRUCache<string, ResolvedIssuer>;
  readonly #missingUntilMs = new LRUCache<string, number>({ max: MAX_MISSING });
  readonly #lookups = new Map<string, Promise<Issuer | undefined>>();
  readonly #places = new Shares({ running: MAX_LOOKUPS, waiting: MAX_WAITING });

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: IssuerResolverOptions, services: IssuerCollaborators) {
    const checked = checkOptions('JwtHandlerOptions.issuerResolver', options, {
      trusts: trustCheck,
      resolve: callable<IssuerResolverOptions['resolve']>(),
      ttlSeconds: withDefault(between(1, 86_400), 600),
      maxIssuers: withDefault(between(1, 100_000), 1_000),
      timeoutMs: withDefault(between(1, 30_000), 2_000),
    });
    this.#trusts = checked.trusts;
    this.#resolve = checked.resolve;
    this.#ttlMs = checked.ttlSeconds * 1_000;
    this.#timeoutMs = checked.timeoutMs;
    this.#services = services;
    this.#clock = services.clock;
    this.#resolved = new LRUCache({ max: checked.maxIssuers, dispose: (resolved) => resolved.end() });
  }

  trusts(name: string): boolean {
    return this.#trusts(name);
  }

  /**
   * The issuer, `undefined` when it does not exist. `address` tells whose share a lookup takes. Rejects with an
   * `UpstreamError` when nobody can tell.
   */
  find(name: string, address: string | undefined): Eventually<Issuer | undefined> {
    const nowMs = this.#clock.monotonic();
    const known = this.#resolved.get(name);
    if (known !== undefined && nowMs < known.untilMs) {
      if (nowMs >= known.refreshAtMs) this.#refresh(name, known, nowMs);
      return known.issuer;
    }
    if (nowMs < (this.#missingUntilMs.get(name) ?? Number.NEGATIVE_INFINITY)) return undefined;
    return this.#lookups.get(name) ?? this.#lookUp(name, address);
  }

  async close(): Promise<void> {
    const open = [...this.#resolved.values()];
    await Promise.all(open.map((resolved) => resolved.end()));
  }

  #lookUp(name: string, address: string | undefined): Promise<Issuer | undefined> {
    const standing = this.#resolved.has(name) ? 'known' : this.#services.good.standingOf(name, address);
    // Issuers that were good before are few, so it does not matter who names them.
    const turn = { standing, address: standing === 'known' ? undefined : address };
    const lookup = runInTurn(this.#places, turn, () => this.#ask(name)).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  /** Whoever named the issuer waits for nothing. After a failure it is tried again, but not for every token. */
  #refresh(name: string, known: ResolvedIssuer, nowMs: number): void {
    known.refreshAtMs = nowMs + this.#timeoutMs;
    if (!this.#lookups.has(name)) this.#lookUp(name, undefined).catch(() => {});
  }

  async #ask(name: string): Promise<Issuer | undefined> {
    const options = await this.#answer(name);
    const known = this.#resolved.get(name);
    const nowMs = this.#clock.monotonic();
    if (known !== undefined && isDeepStrictEqual(known.options, options)) {
      Object.assign(known, this.#lifetime(nowMs));
      return known.issuer;
    }
    if (known !== undefined) this.#services.onChange();
    if (options === undefined) {
      this.#resolved.delete(name);
      this.#missingUntilMs.set(name, nowMs + MISSING_MS);
      return undefined;
    }
    const resolved = new ResolvedIssuer(options, this.#lifetime(nowMs), {
      trusts: this.#trusts,
      services: this.#services,
    });
    this.#resolved.set(name, resolved);
    return resolved.issuer;
  }

  #lifetime(nowMs: number): { refreshAtMs: number; untilMs: number } {
    return { refreshAtMs: nowMs + this.#ttlMs * REFRESH_AT_SHARE, untilMs: nowMs + this.#ttlMs };
  }

  async #answer(name: string): Promise<TrustedIssuer | undefined> {
    const resolving = Promise.resolve(name).then(this.#resolve);
    const options = await answerWithin(this.#timeoutMs, resolving, this.#clock).catch((error: unknown) => {
      if (error instanceof SallyportError) throw error;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the issuer could not be looked up');
    });
    if (options === undefined) return undefined;
    if (options?.issuer !== name) throw new TypeError('an issuer was resolved to another one');
    return options;
  }
}

const trustCheck: OptionCheck<(issuer: string) => boolean> = (value, name) => {
  if (typeof value === 'function') return (issuer) => value(issuer) === true;
  if (!Array.isArray(value)) throw invalid(name, 'must be a list of issuers or a function');
  const trusted = new Set(textOrTexts(value, name));
  return (issuer) => trusted.has(issuer);
};
