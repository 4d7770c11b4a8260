import { isDeepStrictEqual } from 'node:util';
import { SallyportError, UpstreamError } from '@sallyport/core';
import {
  type CircuitFigure,
  type Clock,
  describeError,
  type Eventually,
  Expiring,
  JoinedTasks,
  networkOf,
  runInTurn,
  Shares,
  type Waiters,
  within,
} from '@sallyport/core/extend';
import { LRUCache } from 'lru-cache';
import type { Issuer, IssuerCollaborators } from './issuer.js';
import { ResolvedIssuer } from './resolved-issuer.js';
import type { IssuerResolverSettings } from './resolver-options.js';
import type { TrustedIssuer } from './trusted-issuer.js';

const MAX_LOOKUPS = 64;
const MAX_WAITING = 64;
/** Issuers are looked up again before their answer is too old. So usually no request waits. */
const REFRESH_AT_SHARE = 0.8;
const MAX_MISSING = 1_000;
const MISSING_MS = 30_000;
/** Each entry can cost a token a signature. */
const MAX_ENTRIES = 16;

type Entries = readonly Issuer[];

/**
 * The sender of a token: the address whose network pays for lookups, and a signal that nobody waits for them any more.
 */
export interface TokenSender {
  /** The token as it was sent. */
  readonly token: string;
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
  /** Issuers that do not exist. Issuers that existed before stand by name; all others stand by name and network. */
  readonly #missing: Expiring<true>;
  /** Lookups that are under way, by issuer. */
  readonly #lookups = new JoinedTasks<Entries | undefined>();
  /** Lookups that wait for their turn or are under way, by issuer and network. */
  readonly #turns = new JoinedTasks<Entries | undefined>();
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

  /** Of all resolved issuers together: tokens choose them, so none is named. */
  get circuits(): readonly CircuitFigure[] {
    const entries = [...this.#resolved.values()].flatMap((resolved) => resolved.entries);
    return entries.flatMap(({ keys }) => keys.circuits ?? []).map(({ calls, state }) => ({ calls, state }));
  }

  trusts(name: string): boolean {
    return this.#trusts(name);
  }

  /** The entries of an issuer, `undefined` when it does not exist. Rejects with an `UpstreamError` when nobody can tell. */
  find(name: string, sender: TokenSender): Eventually<Entries | undefined> {
    const nowMs = this.#clock.monotonic();
    const known = this.#resolved.get(name);
    if (known !== undefined && nowMs < known.untilMs) {
      if (nowMs >= known.refreshAtMs) this.#refresh(name, known, nowMs);
      return known.entries;
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

  /** Looks an issuer up when it is the turn of this network. Another network may have brought the answer by then. */
  async #lookUp(
    turn: string,
    name: string,
    { address }: TokenSender,
    abandoned: AbortSignal,
  ): Promise<Entries | undefined> {
    const standing = this.#resolved.has(name) ? 'known' : this.#services.good.standingOf(name, address);
    const place = { standing, address, abandoned };
    const ask = async () => this.#current(name) ?? this.#joinLookup(name, abandoned);
    const entries = await runInTurn(this.#places, place, ask);
    // Other networks may still look for it: guessing the name of a future issuer must not hide it from them.
    if (entries === undefined) this.#missing.set(turn, true, MISSING_MS);
    return entries;
  }

  /** Looks a known issuer up again in the background. After a failure this is tried again, but not for every token. */
  #refresh(name: string, known: ResolvedIssuer, nowMs: number): void {
    known.refreshAtMs = nowMs + this.#timeoutMs;
    const turn = { standing: 'known', address: undefined } as const;
    runInTurn(this.#places, turn, () => this.#joinLookup(name)).catch(() => {});
  }

  #current(name: string): Entries | undefined {
    const known = this.#resolved.get(name);
    return known !== undefined && this.#clock.monotonic() < known.untilMs ? known.entries : undefined;
  }

  #joinLookup(name: string, abandoned?: AbortSignal): Promise<Entries | undefined> {
    return this.#lookups.join(name, abandoned, (signal) => this.#ask(name, signal), givenUp);
  }

  async #ask(name: string, signal: AbortSignal): Promise<Entries | undefined> {
    const options = await this.#answer(name, signal);
    const known = this.#resolved.get(name);
    const nowMs = this.#clock.monotonic();
    if (known !== undefined && isDeepStrictEqual(known.options, options)) {
      Object.assign(known, this.#lifetime(nowMs));
      return known.entries;
    }
    if (known !== undefined) this.#services.onChange();
    if (options === undefined) {
      if (this.#resolved.delete(name)) this.#missing.set(name, true, MISSING_MS);
      return undefined;
    }
    const resolved = new ResolvedIssuer(name, options, this.#lifetime(nowMs), {
      trusts: this.#trusts,
      services: this.#services,
    });
    this.#resolved.set(name, resolved);
    return resolved.entries;
  }

  #lifetime(nowMs: number): { refreshAtMs: number; untilMs: number } {
    return { refreshAtMs: nowMs + this.#ttlMs * REFRESH_AT_SHARE, untilMs: nowMs + this.#ttlMs };
  }

  async #answer(name: string, signal: AbortSignal): Promise<readonly TrustedIssuer[] | undefined> {
    const resolve = this.#resolve;
    const resolving = Promise.resolve().then(() => resolve(name, { signal }));
    const patience = { clock: this.#clock, timeoutMs: this.#timeoutMs };
    const answer = await within(patience, resolving, () => {
      const problem = `issuerResolver took longer than ${this.#timeoutMs} ms`;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', problem);
    }).catch((error: unknown) => {
      if (error instanceof SallyportError) throw error;
      const { name: kind, code } = describeError(error);
      const problem = `issuerResolver rejected with ${kind}${code === undefined ? '' : ` (${code})`}`;
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', problem);
    });
    // A lookup that began meanwhile has the newer answer.
    if (signal.aborted) throw givenUp();
    const entries = answer === undefined ? [] : [answer].flat();
    if (entries.some((entry) => entry?.issuer !== name)) throw new TypeError('an issuer was resolved to another one');
    if (entries.length > MAX_ENTRIES) throw new TypeError(`an issuer was resolved to more than ${MAX_ENTRIES} entries`);
    return entries.length === 0 ? undefined : entries;
  }
}

function givenUp(): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the lookup was given up');
}
