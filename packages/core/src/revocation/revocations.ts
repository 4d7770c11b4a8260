import type { Clock } from '../clock/clock.js';
import type { Eventually } from '../clock/eventually.js';
import type { LastingProof } from '../handler/lasting-proof.js';
import * as option from '../options/options.js';
import { ownMember, ownMembers } from '../options/own-members.js';
import type { Principal } from '../principal/principal.js';
import { type CredentialOpener, CredentialOpeners } from './credential-openers.js';
import { ForgettingCaches } from './forgetting-caches.js';
import { RevocableProof } from './revocable-proof.js';
import { type RevocableToken, readRevocableToken } from './revocable-token.js';
import {
  type NamingClaim,
  type Notice,
  partyRevocation,
  type Revocation,
  type RevocationTerms,
  TOLERANCE_SECONDS,
  tokenRevocation,
} from './revocation.js';
import { RevocationExchange } from './revocation-exchange.js';
import { RevocationIndex, type RevocationStatus } from './revocation-index.js';
import {
  REVOCATIONS,
  REVOCATIONS_COLLABORATORS,
  type RevocationsCollaborators,
  type RevocationsOptions,
  type RevokedPartyOptions,
  type RevokedSessionOptions,
  type RevokedTokenOptions,
} from './revocations-options.js';

/**
 * What has been revoked. Any number of caches share it and ask it before they answer. A revocation takes effect at once in
 * this process. Its promise is true if the other instances were told as well. It is false if they were not, or if there
 * was no room, which a `revocations_full` event tells.
 * A token or `jti` is refused until it would have expired. A token is refused in all its spellings: see `revocableText`.
 * For a client or subject, tokens issued at or before the revocation are refused. If an answer does not tell when its
 * token was issued, it is looked up again.
 * @example
 * const revocations = new Revocations();
 * await revocations.revokeToken(token); // refused by the handlers that were given it: { revocations }
 */
export class Revocations {
  readonly keepSeconds: number;
  /** For caches: those that forget together. */
  readonly caches: ForgettingCaches;
  readonly #index: RevocationIndex;
  readonly #clock: Clock;
  readonly #terms: RevocationTerms;
  /** Undefined without a bus. */
  readonly #exchange: RevocationExchange | undefined;
  readonly #openers = new CredentialOpeners();

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
    this.#terms = { clock, keepSeconds };
    const learn = (notice: Notice) => this.#learn(notice);
    this.caches = new ForgettingCaches(secret, async (forgotten) => this.#exchange?.publish({ forgotten }) ?? true);
    this.#exchange = bus && secret !== undefined ? new RevocationExchange(secret, { bus, clock, learn }) : undefined;
    this.#index.watch.others = this.#exchange;
  }

  /** How many revocations are remembered. */
  get size(): number {
    return this.#index.size;
  }

  /** The memory they take, in bytes. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /** How many had no room and therefore have no effect. */
  get refused(): number {
    return this.#index.refused;
  }

  /** For how long revocations of other instances may be missing, in seconds; 0 while all can be read, or without a bus. */
  get lagSeconds(): number {
    return this.#exchange?.lagSeconds ?? 0;
  }

  /** Reads what the other instances revoked, and listens from now on. Without a bus, this has no effect. */
  async start(): Promise<void> {
    await this.#exchange?.start();
  }

  async close(): Promise<void> {
    await this.#exchange?.close();
  }

  /**
   * Refuses one token. Pass the credential as its handler passes it to the cache, and only after it was verified. If a
   * handler knows another credential that it stands for (the token inside an encrypted one, a login under the name of
   * its account), that is revoked as well. False also if a handler cannot tell now.
   */
  revokeToken(token: string, options: RevokedTokenOptions = {}): Promise<boolean> {
    const read = readRevocableToken(token);
    const told = this.#revokeText(token, read, options);
    return read.isSigned || this.#openers.isEmpty ? told : this.#revokeMeant(token, options, told);
  }

  /** Refuses the token with this `jti` (RFC 7519 4.1.7), of one issuer or, without `issuer`, of any. */
  revokeJti(jti: string, options: RevokedTokenOptions = {}): Promise<boolean> {
    const named = ownMembers(options);
    return this.#revokeNamed(this.#index.claimKey('jti', jti, named.issuer), 'jti', named);
  }

  /**
   * Refuses the tokens with this `sid` (OpenID Connect Back-Channel Logout 1.0 2.1), of one issuer or, without, of any. With
   * `subject`, its tokens without a `sid` that were issued up to `at` are refused as well: they may be of this session.
   */
  async revokeSession(sid: string, options: RevokedSessionOptions = {}): Promise<boolean> {
    const { issuer, subject, at } = ownMembers(options);
    const told = this.#revokeNamed(this.#index.claimKey('sid', sid, issuer), 'sid', { issuer, subject });
    if (subject === undefined) return told;
    const others = this.#revokeParty(this.#index.sessionlessKey(subject, issuer), at);
    return (await Promise.all([told, others])).every(Boolean);
  }

  /**
   * Refuses the tokens that a client was issued up to `at`, in seconds since the epoch; default now. Pass the time of the
   * authorization server if it tells one, because tokens carry the time of its clock. With `issuer`, only principals of
   * that issuer are concerned.
   */
  revokeClient(clientId: string, options: RevokedPartyOptions = {}): Promise<boolean> {
    return this.#revokeParty(this.#index.clientKey(clientId, ownMember(options, 'issuer')), ownMember(options, 'at'));
  }

  /** As `revokeClient`, for a subject. Pass the issuer, because issuers may use the same subject for different users. */
  revokeSubject(subject: string, options: RevokedPartyOptions = {}): Promise<boolean> {
    return this.#revokeParty(this.#index.subjectKey(subject, ownMember(options, 'issuer')), ownMember(options, 'at'));
  }

  /** For caches: grows with every revocation. */
  get epoch(): number {
    return this.#index.epoch;
  }

  /** For caches: whether this credential was revoked as a single token. */
  refuses(credential: string): boolean {
    return this.#index.refuses(credential);
  }

  /** For handlers: a keyed hash, the same for all spellings of a token. Keep it instead of the token. */
  nameOf(token: string): string {
    return this.#index.tokenNames(token);
  }

  /** For handlers: whether the token with this name is revoked. */
  refusesNamed(name: string): boolean {
    return this.#index.refusesNamed(name);
  }

  /**
   * For handlers that know another credential which a credential stands for: `revokeToken` then revokes both. `open`
   * returns the other one, or undefined if there is none, and rejects if it cannot tell now. Returns a function that
   * unsubscribes.
   */
  openWith(open: CredentialOpener): () => void {
    return this.#openers.add(open);
  }

  /** For caches: whether an answer still holds that was looked up when `epoch` was `since`. */
  statusOf(credential: string, principal: Principal, since: number): RevocationStatus {
    return this.#index.statusOf(credential, principal, since);
  }

  /**
   * For caches: true if this process knows every revocation of tokens that were looked up since `sinceMs` (milliseconds
   * since the epoch), as of the last `synchronise`.
   */
  covers(sinceMs: number): boolean {
    const { isBehind = false, lostUntilMs = Number.NEGATIVE_INFINITY } = this.#exchange ?? {};
    return !isBehind && sinceMs >= lostUntilMs + TOLERANCE_SECONDS * 1_000;
  }

  /** For caches: reads the bus. False if it did not give everything, or lost something within `keepSeconds`. */
  synchronise(): Eventually<boolean> {
    return this.#exchange === undefined ? true : this.#synchroniseWith(this.#exchange);
  }

  /** For caches, on every hit: reads the bus in the background. False if the hit has to wait for `synchronise`. */
  keepUp(nowMs: number): boolean {
    return this.#exchange?.keepUp(nowMs) ?? true;
  }

  /**
   * For handlers: what goes on of a credential after its request, for leases. It falls as soon as the credential, in one of
   * its spellings, is revoked, or anything else that it names. `since` is the epoch at which it was judged. If nobody knows,
   * pass 0: without an `issuedAt`, each revocation that concerns it then counts. `other` names one more credential.
   */
  follow(credential: string | readonly string[], principal: Principal, since: number, other = ''): LastingProof {
    const names = [credential].flat().map((spelling) => this.nameOf(spelling));
    return new RevocableProof(this.#index, { names: names.join('') + other, principal, since });
  }

  async #synchroniseWith(exchange: RevocationExchange): Promise<boolean> {
    await exchange.synchronise();
    return this.covers(this.#clock.now() - this.keepSeconds * 1_000);
  }

  #revokeNamed(
    key: string,
    claim: NamingClaim | undefined,
    token: RevokedTokenOptions,
    claimed?: number,
  ): Promise<boolean> {
    const owner = token.subject === undefined ? undefined : this.#index.ownerOf(token.subject, token.issuer);
    return this.#revoke(tokenRevocation({ key, claim, owner }, token, claimed, this.#terms));
  }

  #revokeText(token: string, read: RevocableToken, options: RevokedTokenOptions): Promise<boolean> {
    const named = {
      expiresAt: ownMember(options, 'expiresAt'),
      issuer: ownMember(options, 'issuer') ?? read.issuer,
      subject: ownMember(options, 'subject') ?? read.subject,
    };
    return this.#revokeNamed(this.#index.tokenKey(token), undefined, named, read.expiresAt);
  }

  async #revokeMeant(token: string, options: RevokedTokenOptions, told: Promise<boolean>): Promise<boolean> {
    const { credentials, isComplete } = await this.#openers.open(token);
    const others = credentials.map((other) => this.#revokeText(other, readRevocableToken(other), options));
    const revoked = await Promise.all([told, ...others]);
    return revoked.every(Boolean) && isComplete;
  }

  #revokeParty(key: string, at: number | undefined): Promise<boolean> {
    return this.#revoke(partyRevocation(key, at, this.#terms));
  }

  #revoke(revocation: Revocation): Promise<boolean> {
    if (!this.#index.add(revocation, false)) return Promise.resolve(false);
    return this.#exchange?.publish({ revocation }) ?? Promise.resolve(true);
  }

  #learn(notice: Notice): void {
    if ('forgotten' in notice) this.caches.learn(notice.forgotten);
    else if (this.#index.isNews(notice.revocation)) this.#index.add(notice.revocation, true);
  }
}
