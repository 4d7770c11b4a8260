import { moment, type NamingClaim, type Revocation } from './revocation.js';
import type { RevokedTokenOptions } from './revocations-options.js';

/** How long after its expiry a verifier may still accept a token, because clocks differ. */
export const TOLERANCE_SECONDS = 60;

/** When something is revoked, and how long that is remembered where nobody tells the end. In seconds. */
export interface RevocationTime {
  readonly now: number;
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
  { now, keepSeconds }: RevocationTime,
): Revocation {
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
export function partyRevocation(key: string, at: number | undefined, { now, keepSeconds }: RevocationTime): Revocation {
  const endsAtMs = (now + keepSeconds + TOLERANCE_SECONDS) * 1_000;
  return { key, isParty: true, at: moment(at ?? now), endsAtMs, isEndless: true };
}
