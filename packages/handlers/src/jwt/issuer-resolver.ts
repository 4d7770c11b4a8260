import { isDeepStrictEqual } from 'node:util';
import { SallyportError, UpstreamError } from '@sallyport/core';
import {
  answerWithin,
  type Clock,
  type Eventually,
  Expiring,
  JoinedTasks,
  networkOf,
  runInTurn,
  Shares,
  type Waiters,
} from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import type { Issuer, IssuerCollaborators } from './issuer.js';
import { ResolvedIssuer } from './resolved-issuer.js';
import type { IssuerResolverSettings } from './resolver-options.js';
import type { TrustedIssuer } from './trusted-issuer.js';

const MAX_LOOKUPS = 64;
const MAX_WAITING = 64;
/** Issuers are looked up again before their answer is too old, so that normally no request waits. */
const REFRESH_AT_SHARE = 0.8;
const MAX_MISSING = 1_000;
const MISSING_MS = 30_000;

/** Who sent a token: whose share its lookups take, and whether anybody still waits for them. */
export interface TokenSender {
  readonly address: string | undefined;
  readonly waiters: Waiters;
}

/**
 * Resolves issuers, a few at a time, and remembers each for a while. Lookups are shared by networks and leave places to
 * issuers that were good before, so made-up issuers displace nobody. The place of a caller does not depend on other
 * callers that name the same issuer.
 */
export class IssuerResolver {
  readonly #trusts: (issuer: string) => boolean;
  readonly #resolve: IssuerResolverSettings['resolve'];
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  readonly #services: IssuerCollaborators;
  readonly #clock: Clock;
  readonly #resolved: LRUCache<string, ResolvedIssuer>;
  /** Those that are gone, by issuer; those that were never there, by issuer and network. */
  readonly #missing: Expiring<true>;
  /** Those under way, by issuer. */
  readonly #lookups = new JoinedTasks<Issuer | undefined>();
  /** Those that wait for their turn or are under way, by issuer and network. */
  readonly #turns = new JoinedTasks<Issuer | undefined>();
  readonly #places = new Shares({ running: MAX_LOOKUPS, waiting: MAX_WAITING });

  constructor(settings: IssuerResolverSettings, services: IssuerCollaborators) {
    this.#trusts = settings.trusts;
    this.#resolve = settings.resolve;
    this.#ttlMs = settings.ttlSeconds * 1_000;
    this.#timeoutMs = settings.timeoutMs;
    this.#services = services;
    this.#clock = services.clock;
    this.#missing = new Expiring({ maxEntries: MAX_MISSING }, services.clock);
    this.#resolved = new LRUCache({ max: settings.maxIssuers, dispose: (resolved) => resolved.end() });
  }

  trusts(name: string): boolean {
    return this.#trusts(name);
  }

  /** The issuer, `undefined` when it does not exist. Rejects with an `UpstreamError` when nobody can tell. */
  find(name: string, sender: TokenSender): Eventually<Issuer | undefined> {
    const nowMs = this.#clock.monotonic();
    const known = this.#resolved.get(name);
    if (known !== undefined && nowMs < known.untilMs) {
      if (nowMs >= known.refreshAtMs) this.#refresh(name, known, nowMs);
      return known.issuer;
    }
    const turn = `${networkOf(sender.address)} ${name}`;
    if (this.#missing.has(turn) || this.#missing.has(name)) return undefined;
    const lookUp = (abandoned: AbortSignal) => this.#lookUp(turn, name, sender, abandoned);
    return this.#turns.join(turn, sender.waiters.signal, lookUp, givenUp);
  }

  async close(): Promise<void> {
    const open = [...this.#resolved.values()];
    await Promise.all(open.map((resolved) => resolved.end()));
  }

  /** While it waits for its turn, another network's turn may have brought the answer. */
  async #lookUp(
    turn: string,
    name: string,
    { address }: TokenSender,
    abandoned: AbortSignal,
  ): Promise<Issuer | undefined> {
    const standing = this.#resolved.has(name) ? 'known' : this.#services.good.standingOf(name, address);
    const place = { standing, address, abandoned };
    const ask = async () => this.#current(name) ?? this.#joinLookup(name, abandoned);
    const issuer = await runInTurn(this.#places, place, ask);
    // Other networks may still look for it: guessing the name of a future issuer must not hide it from them.
    if (issuer === undefined) this.#missing.set(turn, true, MISSING_MS);
    return issuer;
  }

  /** Whoever named the issuer waits for nothing. After a failure it is tried again, but not for every token. */
  #refresh(name: string, known: ResolvedIssuer, nowMs: number): void {
    known.refreshAtMs = nowMs + this.#timeoutMs;
    const turn = { standing: 'known', address: undefined } as const;
    runInTurn(this.#places, turn, () => this.#joinLookup(name)).catch(() => {});
  }

  #current(name: string): Issuer | undefined {
    const known = this.#resolved.get(name);
    return known !== undefined && this.#clock.monotonic() < known.untilMs ? known.issuer : undefined;
  }

  #joinLookup(name: string, abandoned?: AbortSignal): Promise<Issuer | undefined> {
    return this.#lookups.join(name, abandoned, (signal) => this.#ask(name, signal), givenUp);
  }

  async #ask(name: string, signal: AbortSignal): Promise<Issuer | undefined> {
    const options = await this.#answer(name, signal);
    const known = this.#resolved.get(name);
    const nowMs = this.#clock.monotonic();
    if (known !== undefined && isDeepStrictEqual(known.options, options)) {
      Object.assign(known, this.#lifetime(nowMs));
      return known.issuer;
    }
    if (known !== undefined) this.#services.onChange();
    if (options === undefined) {
      if (this.#resolved.delete(name)) this.#missing.set(name, true, MISSING_MS);
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

  async #answer(name: string, signal: AbortSignal): Promise<TrustedIssuer | undefined> {
    const resolve = this.#resolve;
    const resolving = Promise.resolve().then(() => resolve(name, { signal }));
    const options = await answerWithin(this.#timeoutMs, resolving, this.#clock).catch((error: unknown) => {
      if (error instanceof SallyportError) throw error;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the issuer could not be looked up');
    });
    // A lookup that began meanwhile has the newer answer.
    if (signal.aborted) throw givenUp();
    if (options === undefined) return undefined;
    if (options?.issuer !== name) throw new TypeError('an issuer was resolved to another one');
    return options;
  }
}

function givenUp(): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the lookup was given up');
}
