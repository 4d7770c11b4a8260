import * as option from '../options/options.js';
import { Seal } from '../secrecy/seal.js';

/** What was revoked, named by its keyed hash only. */
export interface Revocation {
  readonly key: string;
  /** A client or a subject, where the time of issue decides; otherwise a single token, refused in any case. */
  readonly isParty: boolean;
  /** A token that was named by its `jti`, not by its text. */
  readonly isJti?: boolean | undefined;
  /** Seconds since the epoch. */
  readonly at: number;
  /** When it may be forgotten, in milliseconds since the epoch. */
  readonly endsAtMs: number;
  /** Nobody knows when the token ends: it is remembered beyond `endsAtMs` as long as there is room. Default false. */
  readonly isEndless?: boolean | undefined;
  /** Only the token itself, which nobody verified, says that it ends so late. Default false. */
  readonly isClaimed?: boolean | undefined;
  /** Whose share it counts against: 24 bits of a keyed hash. */
  readonly owner?: number | undefined;
}

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
      return json === undefined ? undefined : option.check('revocation', JSON.parse(json), REVOCATION);
    } catch {
      return undefined;
    }
  }
}

const REVOCATION = {
  key: option.text,
  isParty: option.flag,
  isJti: option.optional(option.flag),
  at: option.between(0, Number.MAX_SAFE_INTEGER),
  endsAtMs: option.between(0, Number.MAX_SAFE_INTEGER),
  isEndless: option.optional(option.flag),
  isClaimed: option.optional(option.flag),
  owner: option.optional(option.between(0, 2 ** 24 - 1)),
};
