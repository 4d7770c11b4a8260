import type { Clock } from '../clock/clock.js';
import type { Principal } from '../principal/principal.js';
import { KeyedHash } from '../secrecy/keyed-hash.js';
import { revocableText } from './revocable-token.js';
import type { Revocation } from './revocation.js';
import { type RevocationDate, type RevocationRecord, RevocationRecords } from './revocation-records.js';
import { tagOf } from './revocation-shares.js';

/**
 * What the known revocations say about a credential. `clear`: nothing. `revoked`: it is revoked. `outdated`: its subject
 * or client is revoked and its time of issue is unknown, so an answer from before the revocation does not count.
 */
export type RevocationStatus = 'clear' | 'revoked' | 'outdated';

/** All revocations, by keyed hash. Single tokens have one bounded space, parties (clients and subjects) another. */
export class RevocationIndex {
  readonly #tokens: RevocationRecords;
  readonly #parties: RevocationRecords;
  readonly #token: KeyedHash;
  readonly #jti: KeyedHash;
  readonly #client: KeyedHash;
  readonly #subject: KeyedHash;
  readonly #owner: KeyedHash;
  #epoch = 0;
  /** False as long as no token, or no `jti`, was revoked: lookups then skip the hash. */
  #hasTokens = false;
  #hasJtis = false;

  constructor(secret: string | undefined, maxEntries: number, clock: Clock) {
    this.#tokens = new RevocationRecords({ maxEntries, isDated: false }, clock);
    this.#parties = new RevocationRecords({ maxEntries, isDated: true }, clock);
    this.#token = new KeyedHash(secret, 'revoked token');
    this.#jti = new KeyedHash(secret, 'revoked jti');
    this.#client = new KeyedHash(secret, 'revoked client');
    this.#subject = new KeyedHash(secret, 'revoked subject');
    this.#owner = new KeyedHash(secret, 'owner of a revoked token');
  }

  /** The number of revocations so far. */
  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#tokens.size + this.#parties.size;
  }

  get bytes(): number {
    return this.#tokens.bytes + this.#parties.bytes;
  }

  /** The same for all spellings of a token. */
  tokenKey(token: string): string {
    return this.#token.of(revocableText(token));
  }

  jtiKey(jti: string, issuer: string | undefined): string {
    return this.#jti.of(nameOf(jti, issuer));
  }

  clientKey(clientId: string, issuer: string | undefined): string {
    return this.#client.of(nameOf(clientId, issuer));
  }

  subjectKey(subject: string, issuer: string | undefined): string {
    return this.#subject.of(nameOf(subject, issuer));
  }

  /** Identifies a subject in 24 bits, for its share of the space. */
  ownerOf(subject: string, issuer: string | undefined): number {
    const name = this.#owner.of(nameOf(subject, issuer));
    return (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2);
  }

  /** False if there is no room: the revocation then has no effect. `isLearnt`: another instance has it already. */
  add(revocation: Revocation, isLearnt: boolean): boolean {
    const record = recordOf(revocation, this.#epoch + 1, isLearnt);
    if (!this.#recordsOf(revocation).keep(revocation.key, record)) return false;
    this.#epoch += 1;
    this.#hasTokens ||= !revocation.isParty && !revocation.isJti;
    this.#hasJtis ||= revocation.isJti === true;
    return true;
  }

  /** False if it is known already: buses repeat notices, and each new epoch has all remembered verdicts checked again. */
  isNews(revocation: Revocation): boolean {
    return !this.#recordsOf(revocation).covers(revocation.key, recordOf(revocation, this.#epoch, true));
  }

  refuses(token: string): boolean {
    return this.#hasTokens && this.refusesNamed(this.tokenKey(token));
  }

  refusesNamed(key: string): boolean {
    return this.#tokens.has(key);
  }

  statusOf(token: string, principal: Principal, since: number): RevocationStatus {
    if (this.#epoch === 0) return 'clear';
    if (this.refuses(token) || this.#refusesJti(principal)) return 'revoked';
    const { issuedAt } = principal;
    let status: RevocationStatus = 'clear';
    for (const record of this.#concerning(principal)) {
      if (issuedAt !== undefined && issuedAt <= record.at) return 'revoked';
      if (issuedAt === undefined && record.epoch > since) status = 'outdated';
    }
    return status;
  }

  #refusesJti({ claims, issuer }: Principal): boolean {
    if (!this.#hasJtis) return false;
    const sent = claims['jti'];
    const jti = typeof sent === 'number' ? String(sent) : sent;
    if (typeof jti !== 'string') return false;
    return this.#tokens.has(this.jtiKey(jti, issuer)) || this.#tokens.has(this.jtiKey(jti, undefined));
  }

  #concerning({ issuer, subject, clientId }: Principal): readonly RevocationDate[] {
    if (this.#parties.isEmpty) return [];
    const keys = [...new Set([issuer, undefined])].flatMap((named) => {
      const subjectKey = this.subjectKey(subject, named);
      return clientId === undefined ? [subjectKey] : [subjectKey, this.clientKey(clientId, named)];
    });
    return keys.flatMap((key) => this.#parties.find(key) ?? []);
  }

  #recordsOf({ isParty }: Revocation): RevocationRecords {
    return isParty ? this.#parties : this.#tokens;
  }
}

function recordOf(revocation: Revocation, epoch: number, isLearnt: boolean): RevocationRecord {
  const { at, endsAtMs } = revocation;
  return { at, endsAtMs, epoch, isLearnt, tag: tagOf(revocation) };
}

/** Without an issuer a revocation concerns that name at every issuer. */
function nameOf(id: string, issuer: string | undefined): string {
  return JSON.stringify(issuer === undefined ? [id] : [id, issuer]);
}
