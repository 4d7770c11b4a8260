import { type Clock, clockOption } from '../clock/clock.js';
import * as option from '../options/options.js';
import { deploymentSecret } from '../secrecy/deployment-secret.js';
import type { RevocationBus } from './revocation-bus.js';

export interface RevocationsOptions {
  /** The same on all instances of a deployment; at least 32 characters. Needed with a bus. */
  readonly secret?: string | undefined;
  /**
   * Revocations remembered at once, of single tokens (at most 56 bytes each) and of clients and subjects (at most 80
   * bytes each). Of the room for tokens an eighth is for those of one subject, three quarters for those of which no
   * subject is known; what other instances revoked may go an eighth beyond. What finds no room is refused. 1 to 10 000 000, default 2 000 000.
   */
  readonly maxEntries?: number | undefined;
  /**
   * How long a revocation is remembered at least when nobody tells the token's expiry, in seconds: as long as tokens
   * live. It goes on as long as there is room. 3 600 to 31 536 000, default 86 400.
   */
  readonly keepSeconds?: number | undefined;
}

/** What is known of a token that is revoked. */
export interface RevokedTokenOptions {
  /**
   * When it ends, in seconds since the epoch. Default: for a signed token its `exp`; for others nobody knows. Of the two
   * the later one counts.
   */
  readonly expiresAt?: number | undefined;
  /** Its issuer. Default: for a signed token its `iss`; of a `jti`, any. */
  readonly issuer?: string | undefined;
  /** Whose token it is, so that it counts against that subject's share of the room. Default: for a signed token its `sub`. */
  readonly subject?: string | undefined;
}

/** Services of revocations; `bus` carries them to the other instances. */
export interface RevocationsCollaborators {
  readonly clock?: Clock | undefined;
  readonly bus?: RevocationBus | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedRevocationsOptions(options: RevocationsOptions): {
  readonly secret: string | undefined;
  readonly maxEntries: number;
  readonly keepSeconds: number;
} {
  return option.check('RevocationsOptions', options, {
    secret: option.optional(deploymentSecret),
    maxEntries: option.withDefault(option.between(1, 10_000_000), 2_000_000),
    keepSeconds: option.withDefault(option.between(3_600, 31_536_000), 86_400),
  });
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedRevocationsCollaborators(collaborators: RevocationsCollaborators): {
  readonly clock: Clock;
  readonly bus: RevocationBus | undefined;
} {
  return option.check('RevocationsCollaborators', collaborators, {
    clock: clockOption,
    bus: option.optional(option.having<RevocationBus>('publish', 'receive', 'listen', 'close')),
  });
}
