import type { Clock } from '../clock/clock.js';
import type { Principal } from '../principal/principal.js';

/**
 * How long an answer about a principal may be kept, in milliseconds: as configured, but never beyond the principal's
 * own expiry (RFC 7662 4). The one place where lifetimes are clipped.
 */
export function lifetimeMs({ expiresAt }: Principal, configuredMs: number, clock: Clock): number {
  return expiresAt === undefined ? configuredMs : Math.min(configuredMs, expiresAt * 1_000 - clock.now());
}

/** By the wall clock, because expiry is a date: the monotonic clock does not notice when the wall clock is set. */
export function hasExpired({ expiresAt }: Principal, clock: Clock): boolean {
  return expiresAt !== undefined && !(clock.now() < expiresAt * 1_000);
}
