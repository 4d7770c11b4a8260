import * as option from '../options/options.js';
import { Seal } from '../secrecy/seal.js';

/** The claims by which tokens are revoked besides their text: one token by its `jti`, those of a session by their `sid`. */
export const NAMING_CLAIMS = ['jti', 'sid'] as const;

export type NamingClaim = (typeof NAMING_CLAIMS)[number];

const REVOCATION = option.table('revocation', {
  key: option.text,
  /** True for a client or subject: tokens issued up to `at` are refused. False for tokens with this name. */
  isParty: option.flag,
  /** The claim that names the tokens. Default: one token is named, by its text. */
  claim: option.optional(option.oneOf(...NAMING_CLAIMS)),
  /** Seconds since the epoch. */
  at: option.between(0, Number.MAX_SAFE_INTEGER),
  /** When it may be forgotten, in milliseconds since the epoch. */
  endsAtMs: option.between(0, Number.MAX_SAFE_INTEGER),
  /** True if the end of the token is unknown: it is remembered beyond `endsAtMs` if there is room. */
  isEndless: option.optional(option.flag),
  /** True if the late end comes from the token itself, which nobody verified. */
  isClaimed: option.optional(option.flag),
  /** The subject whose share it counts against: 24 bits of a keyed hash. */
  owner: option.optional(option.between(0, 2 ** 24 - 1)),
});

/** What was revoked, named by its keyed hash only. */
export interface Revocation extends option.Given<typeof REVOCATION> {}

const LABEL = 'revocation';

/** Seals revocations into notices and opens them, so that nobody else who can reach the bus reads or revokes anything. */
export class RevocationEnvelope {
  readonly #seal: Seal;

  constructor(secrets: readonly string[]) {
    this.#seal = new Seal(secrets, 'revocation 2');
  }

  close(revocation: Revocation): string {
    return this.#seal.close(LABEL, JSON.stringify(revocation));
  }

  /** `undefined` for whatever was not sealed with one of these secrets. */
  open(sealed: string): Revocation | undefined {
    try {
      const json = this.#seal.open(LABEL, sealed);
      return json === undefined ? undefined : REVOCATION(JSON.parse(json));
    } catch {
      return undefined;
    }
  }
}

/** The end of the year 9999. Some servers give tokens without an end a much later date. */
const LAST_MOMENT = 253_402_300_799;

/** Throws for a broken date: a revocation with such a date would have no effect. */
export function moment(seconds: number): number {
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds, LAST_MOMENT);
  throw new TypeError('a time is a number of seconds since the epoch');
}
