import type { Clock } from '../clock.js';
import type { Principal } from '../principal/principal.js';
import { KeyedHash } from './keyed-hash.js';
import type { Revocation } from './revocation.js';
import { type RevocationRecord, RevocationRecords } from './revocation-records.js';

/**
 * What the known revocations say about a credential: nothing; that it is revoked; or, where its principal does not tell
 * when it was issued, that an answer found out before the revocation counts no longer.
 */
export type Judgement = 'clear' | 'revoked' | 'outdated';

/** Everything that is revoked, by keyed hash. Single tokens and parties have a bounded space each. */
export class RevocationIndex {
  readonly #tokens: RevocationRecords;
  readonly #parties: RevocationRecords;
  readonly #token: KeyedHash;
  readonly #jti: KeyedHash;
  readonly #client: KeyedHash;
  readonly #subject: KeyedHash;
  readonly #clock: Clock;
  #epoch = 0;

  constructor(secret: string | undefined, maxEntries: number, clock: Clock, onMerge: () => void) {
    this.#tokens = new RevocationRecords(maxEntries, clock, onMerge);
    this.#parties = new RevocationRecords(maxEntries, clock, onMerge);
    this.#token = new KeyedHash(secret, 'revoked token');
    this.#jti = new KeyedHash(secret, 'revoked jti');
    this.#client = new KeyedHash(secret, 'revoked client');
    this.#subject = new KeyedHash(secret, 'revoked subject');
    this.#clock = clock;
  }

  /** Grows with every revocation; 0 as long as there was none. */
  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#tokens.size + this.#parties.size;
  }

  tokenKey(token: string): string {
    return this.#token.of(token);
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

  add({ key, isParty, at, endsAtMs }: Revocation): void {
    this.#epoch += 1;
    const records = isParty ? this.#parties : this.#tokens;
    const monotonicEndMs = this.#clock.monotonic() + endsAtMs - this.#clock.now();
    records.keep(key, { at, endsAtMs, monotonicEndMs, epoch: this.#epoch });
  }

  /** False for a notice that says what is known already, as every bus brings them: then nothing has to be re-checked. */
  isNews({ key, isParty, at, endsAtMs }: Revocation): boolean {
    const known = (isParty ? this.#parties : this.#tokens).find(key);
    return known === undefined || known.at < at || known.endsAtMs < endsAtMs;
  }

  refuses(token: string): boolean {
    return this.#tokens.size > 0 && this.#tokens.find(this.tokenKey(token)) !== undefined;
  }

  judge(token: string, principal: Principal, since: number): Judgement {
    if (this.#epoch === 0) return 'clear';
    if (this.refuses(token) || this.#refusesJti(principal)) return 'revoked';
    const { issuedAt } = principal;
    let judgement: Judgement = 'clear';
    for (const record of this.#concerning(principal)) {
      if (issuedAt !== undefined && issuedAt <= record.at) return 'revoked';
      if (issuedAt === undefined && record.epoch > since) judgement = 'outdated';
    }
    return judgement;
  }

  #refusesJti({ claims, issuer }: Principal): boolean {
    const jti = claims['jti'];
    if (typeof jti !== 'string' || this.#tokens.size === 0) return false;
    return [issuer, undefined].some((named) => this.#tokens.find(this.jtiKey(jti, named)) !== undefined);
  }

  #concerning({ issuer, subject, clientId }: Principal): readonly RevocationRecord[] {
    const records = [this.#tokens.floor, this.#parties.floor];
    if (this.#parties.size > 0) {
      for (const named of new Set([issuer, undefined])) {
        records.push(this.#parties.find(this.subjectKey(subject, named)));
        if (clientId !== undefined) records.push(this.#parties.find(this.clientKey(clientId, named)));
      }
    }
    return records.filter((record) => record !== undefined);
  }
}

/** Without an issuer a revocation concerns that name at every issuer. */
function nameOf(id: string, issuer: string | undefined): string {
  return JSON.stringify(issuer === undefined ? [id] : [id, issuer]);
}
