import type { Clock } from '../clock/clock.js';
import { publishCacheEvent } from '../events/cache-events.js';
import { type IssuedNames, issuedNames } from '../principal/issued-names.js';
import { issuedNamesOf, type Principal } from '../principal/principal.js';
import { KeyedHash } from '../secrecy/keyed-hash.js';
import { LiveHash } from '../secrecy/live-hash.js';
import { revocableText } from './revocable-token.js';
import { NAMING_CLAIMS, type NamingClaim, type Revocation } from './revocation.js';
import { type RevocationDate, type RevocationRecord, RevocationRecords } from './revocation-records.js';
import { tagOf } from './revocation-shares.js';
import { RevocationWatch } from './revocation-watch.js';

/**
 * What the known revocations say about a credential. `clear`: nothing. `revoked`: it is revoked. `outdated`: its subject
 * or client is revoked and its time of issue is unknown, so an answer from before the revocation does not count.
 */
export type RevocationStatus = 'clear' | 'revoked' | 'outdated';

/** How long a keyed hash is. */
const NAME_LENGTH = 32;

/** All revocations, by keyed hash. Single tokens have one bounded space, parties (clients and subjects) another. */
export class RevocationIndex {
  /** Who is told of what is added. */
  readonly watch: RevocationWatch;
  readonly #tokens: RevocationRecords;
  readonly #parties: RevocationRecords;
  readonly #token: LiveHash;
  readonly #claims: Readonly<Record<NamingClaim, LiveHash>>;
  readonly #client: LiveHash;
  readonly #subject: LiveHash;
  /** Subjects whose tokens are refused if they name no session. */
  readonly #sessionless: LiveHash;
  readonly #owner: KeyedHash;
  readonly #isRevoked = (name: string): boolean => this.#tokens.has(name);
  #epoch = 0;
  #refused = 0;
  /** False as long as no token was revoked by its text: lookups then skip the hash. */
  #hasTokens = false;
  /** The claims by which tokens were revoked: lookups skip the others. */
  readonly #named = new Set<NamingClaim>();

  constructor(secrets: readonly string[] | undefined, maxEntries: number, clock: Clock) {
    this.watch = new RevocationWatch(clock);
    this.#tokens = new RevocationRecords({ maxEntries, isDated: false }, clock);
    this.#parties = new RevocationRecords({ maxEntries, isDated: true }, clock);
    this.#token = new LiveHash(secrets, 'revoked token');
    this.#claims = { jti: new LiveHash(secrets, 'revoked jti'), sid: new LiveHash(secrets, 'revoked session') };
    this.#client = new LiveHash(secrets, 'revoked client');
    this.#subject = new LiveHash(secrets, 'revoked subject');
    this.#sessionless = new LiveHash(secrets, 'revoked subject without a session');
    this.#owner = new KeyedHash(secrets?.[0], 'owner of a revoked token');
  }

  /** The number of revocations so far. */
  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#tokens.size + this.#parties.size;
  }

  /** How many had no room. */
  get refused(): number {
    return this.#refused;
  }

  get bytes(): number {
    return this.#tokens.bytes + this.#parties.bytes;
  }

  /** The same for all spellings of a token. */
  tokenKey(token: string): string {
    return this.#token.of(revocableText(token));
  }

  claimKey(claim: NamingClaim, value: string, issuer: string | undefined): string {
    return this.#claims[claim].of(nameOf(value, issuer));
  }

  clientKey(clientId: string, issuer: string | undefined): string {
    return this.#client.of(nameOf(clientId, issuer));
  }

  subjectKey(subject: string, issuer: string | undefined): string {
    return this.#subject.of(nameOf(subject, issuer));
  }

  sessionlessKey(subject: string, issuer: string | undefined): string {
    return this.#sessionless.of(nameOf(subject, issuer));
  }

  /** Identifies a subject in 24 bits, for its share of the space. */
  ownerOf(subject: string, issuer: string | undefined): number {
    const name = this.#owner.of(nameOf(subject, issuer));
    return (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2);
  }

  /** False if there is no room: the revocation then has no effect. `isLearnt`: another instance has it already. */
  add(revocation: Revocation, isLearnt: boolean): boolean {
    const record = recordOf(revocation, this.#epoch + 1, isLearnt);
    if (!this.#recordsOf(revocation).keep(revocation.key, record)) {
      this.#tellFull();
      return false;
    }
    this.#epoch += 1;
    const { isParty, claim } = revocation;
    if (claim !== undefined) this.#named.add(claim);
    else if (!isParty) this.#hasTokens = true;
    this.watch.tell(revocation.key);
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
    return this.refuses(token) ? 'revoked' : this.#statusOfPrincipal(principal, since);
  }

  /** The same for a token whose names are known. */
  statusOfNamed(names: string, principal: Principal, since: number): RevocationStatus {
    if (this.#epoch === 0) return 'clear';
    return this.refusesNamed(names) ? 'revoked' : this.#statusOfPrincipal(principal, since);
  }

  /** Every name by which a revocation may concern a token with these names, and its principal. */
  namesOf(names: string, principal: Principal): readonly string[] {
    const single = Array.from({ length: names.length / NAME_LENGTH }, (_, index) =>
      names.slice(index * NAME_LENGTH, (index + 1) * NAME_LENGTH),
    );
    const named = NAMING_CLAIMS.flatMap((claim) =>
      claimNames(claim, principal).flatMap((name) => this.#claims[claim].allOf(name)),
    );
    return [...new Set([...single, ...named, ...this.#partyKeys(principal)])];
  }

  #statusOfPrincipal(principal: Principal, since: number): RevocationStatus {
    if (NAMING_CLAIMS.some((claim) => this.#refusesBy(claim, principal))) return 'revoked';
    const issuedAt = issuedNamesOf(principal)?.issuedAt ?? principal.issuedAt;
    let status: RevocationStatus = 'clear';
    for (const record of this.#concerning(principal)) {
      if (issuedAt !== undefined && issuedAt <= record.at) return 'revoked';
      if (issuedAt === undefined && record.epoch > since) status = 'outdated';
    }
    return status;
  }

  #refusesBy(claim: NamingClaim, principal: Principal): boolean {
    if (!this.#named.has(claim)) return false;
    return claimNames(claim, principal).some((name) => this.#claims[claim].finds(name, this.#isRevoked));
  }

  #concerning(principal: Principal): readonly RevocationDate[] {
    if (this.#parties.isEmpty) return [];
    return this.#partyKeys(principal).flatMap((key) => this.#parties.find(key) ?? []);
  }

  #partyKeys(principal: Principal): readonly string[] {
    const all = allNamesOf(principal);
    const namesSession = all.some(({ sid }) => sid !== undefined);
    const keys = all.flatMap(({ subject, clientId }) =>
      [principal.issuer, undefined].flatMap((issuer) => [
        ...(subject === undefined ? [] : this.#subject.allOf(nameOf(subject, issuer))),
        ...(subject === undefined || namesSession ? [] : this.#sessionless.allOf(nameOf(subject, issuer))),
        ...(clientId === undefined ? [] : this.#client.allOf(nameOf(clientId, issuer))),
      ]),
    );
    return [...new Set(keys)];
  }

  #tellFull(): void {
    if (this.#refused === 0) process.emitWarning('there is no room for a revocation (maxEntries)', 'SallyportWarning');
    this.#refused += 1;
    publishCacheEvent({ kind: 'revocations_full' });
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

/** A principal goes by its own names, and by those of its issuer, which a mapping may have changed. */
function allNamesOf(principal: Principal): readonly IssuedNames[] {
  const issued = issuedNamesOf(principal);
  return issued === undefined ? [issuedNames(principal)] : [issuedNames(principal), issued];
}

function claimNames(claim: NamingClaim, principal: Principal): readonly string[] {
  const values = new Set(allNamesOf(principal).flatMap((names) => names[claim] ?? []));
  return [...values].flatMap((value) => [nameOf(value, principal.issuer), nameOf(value, undefined)]);
}
