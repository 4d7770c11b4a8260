import type { Clock } from '../clock/clock.js';
import * as option from '../options/options.js';
import { Seal } from '../secrecy/seal.js';
import type { RevokedTokenOptions } from './revocations-options.js';

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

const FORGOTTEN = option.table('forgotten', {
  /** Keyed hashes: under one of them a cache knows the credential. */
  names: option.listOf(option.text),
  /** The process that has forgotten it already. */
  by: option.text,
});

/** What caches have to look up anew, because one of them was told to. */
export interface Forgotten extends option.Given<typeof FORGOTTEN> {}

/** What one instance tells the others. */
export type Notice = { readonly revocation: Revocation } | { readonly forgotten: Forgotten };

/** Seals notices and opens them, so that nobody else who can reach the bus reads or revokes anything. */
export class NoticeEnvelope {
  readonly #seal: Seal;

  constructor(secrets: readonly string[]) {
    this.#seal = new Seal(secrets, 'revocation 2');
  }

  close(notice: Notice): string {
    const [[label, content]] = Object.entries(notice) as [[string, object]];
    return this.#seal.close(label, JSON.stringify(content));
  }

  /** `undefined` for whatever was not sealed with one of these secrets. */
  open(sealed: string): Notice | undefined {
    try {
      const revocation = this.#seal.open('revocation', sealed);
      if (revocation !== undefined) return { revocation: REVOCATION(JSON.parse(revocation)) };
      const forgotten = this.#seal.open('forgotten', sealed);
      return forgotten === undefined ? undefined : { forgotten: FORGOTTEN(JSON.parse(forgotten)) };
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

/** How long after its expiry a verifier may still accept a token, because clocks differ. */
export const TOLERANCE_SECONDS = 60;

/** The clock, and how long a revocation is remembered where nobody tells the end. */
export interface RevocationTerms {
  readonly clock: Clock;
  readonly keepSeconds: number;
}

/** What names the tokens that are revoked. */
export interface RevokedName {
  readonly key: string;
  readonly claim?: NamingClaim | undefined;
  /** The subject whose share it counts against. */
  readonly owner: number | undefined;
}

/** Of tokens. `claimed` is the expiry in a token. It was not verified, so it may prolong the caller's, but never shorten it. */
export function tokenRevocation(
  name: RevokedName,
  { expiresAt }: Pick<RevokedTokenOptions, 'expiresAt'>,
  claimed: number | undefined,
  { clock, keepSeconds }: RevocationTerms,
): Revocation {
  const now = clock.now() / 1_000;
  const told = expiresAt === undefined ? undefined : moment(expiresAt);
  const end = claimed === undefined ? told : Math.max(told ?? 0, moment(claimed));
  const endsAt = (end ?? now + keepSeconds) + TOLERANCE_SECONDS;
  return {
    ...name,
    isParty: false,
    at: now,
    endsAtMs: endsAt * 1_000,
    isEndless: end === undefined,
    isClaimed: end !== told && endsAt > now + keepSeconds + TOLERANCE_SECONDS,
  };
}

/** Of everything that a client or subject was issued up to `at`; default now. */
export function partyRevocation(
  key: string,
  at: number | undefined,
  { clock, keepSeconds }: RevocationTerms,
): Revocation {
  const now = clock.now() / 1_000;
  const endsAtMs = (now + keepSeconds + TOLERANCE_SECONDS) * 1_000;
  return { key, isParty: true, at: moment(at ?? now), endsAtMs, isEndless: true };
}
