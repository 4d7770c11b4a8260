import type { Clock } from '../clock/clock.js';
import type { Principal } from '../principal/principal.js';
import { KeyedHash } from '../secrecy/keyed-hash.js';
import { LiveHash } from '../secrecy/live-hash.js';
import { revocableText } from './revocable-token.js';
import type { Revocation } from './revocation.js';
import { type RevocationDate, type RevocationRecord, RevocationRecords } from './revocation-records.js';
import { tagOf } from './revocation-shares.js';

/**
 * What the known revocations say about a credential. `clear`: nothing. `revoked`: it is revoked. `outdated`: its subject
 * or client is revoked and its time of issue is unknown, so an answer from before the revocation does not count.
 */
export type RevocationStatus = 'clear' | 'revoked' | 'outdated';

/** How long a keyed hash is. */
const NAME_LENGTH = 32;

/** All revocations, by keyed hash. Single tokens have one bounded space, parties (clients and subjects) another. */
export class RevocationIndex {
  readonly #tokens: RevocationRecords;
  readonly #parties: RevocationRecords;
  readonly #token: LiveHash;
  readonly #jti: LiveHash;
  readonly #client: LiveHash;
  readonly #subject: LiveHash;
  readonly #owner: KeyedHash;
  readonly #isRevoked = (name: string): boolean => this.#tokens.has(name);
  #epoch = 0;
  /** False as long as no token, or no `jti`, was revoked: lookups then skip the hash. */
  #hasTokens = false;
  #hasJtis = false;

  constructor(secrets: readonly string[] | undefined, maxEntries: number, clock: Clock) {
    this.#tokens = new RevocationRecords({ maxEntries, isDated: false }, clock);
    this.#parties = new RevocationRecords({ maxEntries, isDated: true }, clock);
    this.#token = new LiveHash(secrets, 'revoked token');
    this.#jti = new LiveHash(secrets, 'revoked jti');
    this.#client = new LiveHash(secrets, 'revoked client');
    this.#subject = new LiveHash(secrets, 'revoked subject');
    this.#owner = new KeyedHash(secrets?.[0], 'owner of a revoked token');
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
    return this.#hasTokens && this.#token.finds(revocableText(token), this.#isRevoked);
  }

  /** All names of a token in one text. */
  tokenNames(token: string): string {
    return this.#token.allOf(revocableText(token)).join('');
  }

  refusesNamed(names: string): boolean {
    for (let at = 0; at < names.length; at += NAME_LENGTH) {
      if (this.#isRevoked(names.slice(at, at + NAME_LENGTH))) return true;
    }
    return false;
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
    return [issuer, undefined].some((named) => this.#jti.finds(nameOf(jti, named), this.#isRevoked));
  }

  #concerning({ issuer, subject, clientId }: Principal): readonly RevocationDate[] {
    if (this.#parties.isEmpty) return [];
    const keys = [...new Set([issuer, undefined])].flatMap((named) => {
      const subjectKeys = this.#subject.allOf(nameOf(subject, named));
      return clientId === undefined ? subjectKeys : [...subjectKeys, ...this.#client.allOf(nameOf(clientId, named))];
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
