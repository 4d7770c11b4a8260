import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import { publishCacheEvent } from '../events/cache-events.js';
import * as option from '../options/options.js';
import { ownMember, ownMembers } from '../options/own-members.js';
import type { Principal } from '../principal/principal.js';
import { type RevocableToken, readRevocableToken } from './revocable-token.js';
import type { Revocation } from './revocation.js';
import { RevocationExchange } from './revocation-exchange.js';
import { RevocationIndex, type RevocationStatus } from './revocation-index.js';
import {
  REVOCATIONS,
  REVOCATIONS_COLLABORATORS,
  type RevocationsCollaborators,
  type RevocationsOptions,
  type RevokedTokenOptions,
} from './revocations-options.js';

/** Verifiers may accept a token that long after its expiry, because clocks differ. */
const TOLERANCE_SECONDS = 60;

/** Gives what else a credential stands for, such as the token inside an encrypted one. */
type CredentialOpener = (credential: string) => Promise<string | undefined>;

/**
 * What has been revoked. Shared by any number of caches, each of which refuses or forgets what is in here before it
 * answers. Revoking takes effect at once in this process; `true` comes back when the other instances were told as well,
 * `false` when they were not, or when there was no room: then a `revocations_full` event came before.
 *
 * A token or `jti` is refused until it would have expired, a token in all spellings: of a signed one the signing input
 * counts. For a client or subject, tokens issued at or before the revocation are refused; an answer that does not tell
 * when its token was issued is asked for again.
 */
export class Revocations {
  readonly keepSeconds: number;
  readonly #index: RevocationIndex;
  readonly #clock: Clock;
  /** With the other instances, where there are some. */
  readonly #exchange: RevocationExchange | undefined;
  readonly #openers = new Set<CredentialOpener>();
  #refused = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RevocationsOptions = {}, collaborators: RevocationsCollaborators = {}) {
    const checked = REVOCATIONS(options);
    const { bus, clock } = REVOCATIONS_COLLABORATORS(collaborators);
    const { secret, maxEntries, keepSeconds } = checked;
    if (bus !== undefined && secret === undefined)
      throw option.invalid('RevocationsOptions.secret', 'is needed with a bus');
    this.keepSeconds = keepSeconds;
    this.#index = new RevocationIndex(secret, maxEntries, clock);
    this.#clock = clock;
    const learn = (revocation: Revocation) => this.#learn(revocation);
    this.#exchange = bus && secret !== undefined ? new RevocationExchange(secret, { bus, clock, learn }) : undefined;
  }

  /** How many revocations are remembered. */
  get size(): number {
    return this.#index.size;
  }

  /** How much memory they take. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /** How many found no room, and so refuse nothing. */
  get refused(): number {
    return this.#refused;
  }

  /** Learns what the other instances revoked, and listens from now on. Without a bus there is nothing to do. */
  async start(): Promise<void> {
    await this.#exchange?.start();
  }

  async close(): Promise<void> {
    await this.#exchange?.close();
  }

  /**
   * Refuses one token: the credential as its handler hands it to the cache. Give it verified tokens only. What a handler
   * here knows it to stand for as well, the token inside an encrypted one or a login under the name of its account, is
   * revoked with it; `false` also where a handler could not tell.
   */
  revokeToken(token: string, options: RevokedTokenOptions = {}): Promise<boolean> {
    const read = readRevocableToken(token);
    const told = this.#revokeText(token, read, options);
    return read.isSigned || this.#openers.size === 0 ? told : this.#revokeMeant(token, options, told);
  }

  /** Refuses the token with this identifier (RFC 7519 4.1.7), of one issuer or, where none is named, of any. */
  revokeJti(jti: string, options: RevokedTokenOptions = {}): Promise<boolean> {
    const named = ownMembers(options);
    return this.#revokeOne(this.#index.jtiKey(jti, named.issuer), true, named, undefined);
  }

  /**
   * Refuses what a client was issued up to `at`, in seconds since the epoch, by default now. Give the authorization
   * server's own time where it tells it: its clock is the one that tokens bear. With an issuer it concerns principals
   * that bear that issuer, and no others.
   */
  revokeClient(
    clientId: string,
    options: { issuer?: string | undefined; at?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#revokeParty(this.#index.clientKey(clientId, ownMember(options, 'issuer')), ownMember(options, 'at'));
  }

  /** Refuses what a subject was issued up to `at`, as `revokeClient` does. Name the issuer: subjects are its own. */
  revokeSubject(
    subject: string,
    options: { issuer?: string | undefined; at?: number | undefined } = {},
  ): Promise<boolean> {
    return this.#revokeParty(this.#index.subjectKey(subject, ownMember(options, 'issuer')), ownMember(options, 'at'));
  }

  /** For caches: grows with every revocation. */
  get epoch(): number {
    return this.#index.epoch;
  }

  /** For caches: the credential itself is revoked, whoever it belongs to. */
  refuses(credential: string): boolean {
    return this.#index.refuses(credential);
  }

  /** For handlers: names a token in all its spellings by a keyed hash, so that it need not be kept. */
  nameOf(token: string): string {
    return this.#index.tokenKey(token);
  }

  /** For handlers: the token with this name is revoked. */
  refusesNamed(name: string): boolean {
    return this.#index.refusesNamed(name);
  }

  /**
   * For handlers that know what a credential stands for besides its text: that is revoked with it. `open` gives it,
   * `undefined` where there is none, and rejects where it cannot tell now. Returns a function that ends it.
   */
  openWith(open: CredentialOpener): () => void {
    this.#openers.add(open);
    return () => this.#openers.delete(open);
  }

  /** For caches: whether an answer still stands that was asked for when `epoch` was `since`. */
  statusOf(credential: string, principal: Principal, since: number): RevocationStatus {
    return this.#index.statusOf(credential, principal, since);
  }

  /**
   * For caches: whether every revocation is known here that concerns an answer found out since then (in milliseconds
   * since the epoch), as of the last `synchronise`.
   */
  covers(sinceMs: number): boolean {
    const { isBehind = false, lostUntilMs = Number.NEGATIVE_INFINITY } = this.#exchange ?? {};
    return !isBehind && sinceMs >= lostUntilMs + TOLERANCE_SECONDS * 1_000;
  }

  /**
   * For caches: learns what the bus has kept. False when it cannot tell, or when the bus lost something within
   * `keepSeconds`; without a bus there is nothing to learn.
   */
  synchronise(): Eventually<boolean> {
    return this.#exchange === undefined ? true : this.#synchroniseWith(this.#exchange);
  }

  /** For caches, on every hit: has the bus read in the background when nobody did for a second of the monotonic clock. */
  keepUp(nowMs: number): void {
    this.#exchange?.keepUp(nowMs);
  }

  async #synchroniseWith(exchange: RevocationExchange): Promise<boolean> {
    await exchange.synchronise();
    return this.covers(this.#clock.now() - this.keepSeconds * 1_000);
  }

  /** What the token itself says of its end was not verified: it may prolong what the caller says, never shorten it. */
  #revokeOne(key: string, isJti: boolean, token: RevokedTokenOptions, claimed: number | undefined): Promise<boolean> {
    const at = this.#clock.now() / 1_000;
    const told = token.expiresAt === undefined ? undefined : moment(token.expiresAt);
    const end = claimed === undefined ? told : Math.max(told ?? 0, moment(claimed));
    const endsAt = (end ?? at + this.keepSeconds) + TOLERANCE_SECONDS;
    return this.#revoke({
      key,
      isParty: false,
      isJti,
      at,
      endsAtMs: endsAt * 1_000,
      isEndless: end === undefined,
      isClaimed: end !== told && endsAt > at + this.keepSeconds + TOLERANCE_SECONDS,
      owner: token.subject === undefined ? undefined : this.#index.ownerOf(token.subject, token.issuer),
    });
  }

  #revokeText(token: string, read: RevocableToken, options: RevokedTokenOptions): Promise<boolean> {
    const named = {
      expiresAt: ownMember(options, 'expiresAt'),
      issuer: ownMember(options, 'issuer') ?? read.issuer,
      subject: ownMember(options, 'subject') ?? read.subject,
    };
    return this.#revokeOne(this.#index.tokenKey(token), false, named, read.expiresAt);
  }

  /** Every handler is asked at once: one that cannot tell keeps no other one from telling. */
  async #revokeMeant(token: string, options: RevokedTokenOptions, told: Promise<boolean>): Promise<boolean> {
    const opened = await Promise.allSettled([...this.#openers].map((open) => open(token)));
    const meant = new Set(opened.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : [])));
    const others = [...meant].map((other) => this.#revokeText(other, readRevocableToken(other), options));
    const revoked = await Promise.all([told, ...others]);
    return revoked.every(Boolean) && opened.every(({ status }) => status === 'fulfilled');
  }

  #revokeParty(key: string, instant: number | undefined): Promise<boolean> {
    const now = this.#clock.now() / 1_000;
    const at = moment(instant ?? now);
    const endsAtMs = (now + this.keepSeconds + TOLERANCE_SECONDS) * 1_000;
    return this.#revoke({ key, isParty: true, at, endsAtMs, isEndless: true });
  }

  #revoke(revocation: Revocation): Promise<boolean> {
    if (!this.#add(revocation, false)) return Promise.resolve(false);
    return this.#exchange?.publish(revocation) ?? Promise.resolve(true);
  }

  #learn(revocation: Revocation): void {
    if (this.#index.isNews(revocation)) this.#add(revocation, true);
  }

  #add(revocation: Revocation, isLearnt: boolean): boolean {
    const isKept = this.#index.add(revocation, isLearnt);
    if (!isKept) {
      if (this.#refused === 0)
        process.emitWarning('there is no room for a revocation (maxEntries)', 'SallyportWarning');
      this.#refused += 1;
      publishCacheEvent({ kind: 'revocations_full' });
    }
    return isKept;
  }
}

/** The end of the year 9999. Some servers say of tokens without an end that they expire much later. */
const LAST_MOMENT = 253_402_300_799;

/** A revocation with a broken date would be none. */
function moment(seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds, LAST_MOMENT);
  throw new TypeError('a time is a number of seconds since the epoch');
}
