import * as option from '../options/options.js';
import { Seal } from '../secrecy/seal.js';

const REVOCATION = option.table('revocation', {
  key: option.text,
  /** A client or a subject, where the time of issue decides; otherwise a single token, refused in any case. */
  isParty: option.flag,
  /** A token that was named by its `jti`, not by its text. */
  isJti: option.optional(option.flag),
  /** Seconds since the epoch. */
  at: option.between(0, Number.MAX_SAFE_INTEGER),
  /** When it may be forgotten, in milliseconds since the epoch. */
  endsAtMs: option.between(0, Number.MAX_SAFE_INTEGER),
  /** Nobody knows when the token ends: it is remembered beyond `endsAtMs` as long as there is room. */
  isEndless: option.optional(option.flag),
  /** Only the token itself, which nobody verified, says that it ends so late. */
  isClaimed: option.optional(option.flag),
  /** Whose share it counts against: 24 bits of a keyed hash. */
  owner: option.optional(option.between(0, 2 ** 24 - 1)),
});

/** What was revoked, named by its keyed hash only. */
export interface Revocation extends option.Given<typeof REVOCATION> {}

const LABEL = 'revocation';

/** Seals revocations into notices and opens them, so that nobody else who can write to the bus revokes anything. */
export class RevocationEnvelope {
  readonly #seal: Seal;

  constructor(secret: string) {
    this.#seal = new Seal(secret, 'revocation 1');
  }

  close(revocation: Revocation): string {
    return this.#seal.close(LABEL, JSON.stringify(revocation));
  }

  /** `undefined` for whatever was not sealed with this secret. */
  open(sealed: string): Revocation | undefined {
    try {
      const json = this.#seal.open(LABEL, sealed);
      return json === undefined ? undefined : REVOCATION(JSON.parse(json));
    } catch {
      return undefined;
    }
  }
}
