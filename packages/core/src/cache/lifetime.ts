import type { Clock } from '../clock.js';
import type { Principal } from '../principal/principal.js';

/**
 * How long an answer about a principal may be kept, in milliseconds: as configured, but never beyond the principal's
 * own expiry (RFC 7662 4). The one place where lifetimes are clipped.
 */
export function lifetimeMs(principal: Principal, configuredMs: number, clock: Clock): number {
  return Math.min(configuredMs, remainingMs(principal, clock));
}

/** Compared with the wall clock on every use: a deadline on the monotonic clock does not see that clock being set. */
export function hasExpired(principal: Principal, clock: Clock): boolean {
  return !(remainingMs(principal, clock) > 0);
}

function remainingMs({ expiresAt }: Principal, clock: Clock): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt * 1_000 - clock.now();
}
