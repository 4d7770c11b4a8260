import { clockOption } from '../clock/clock.js';
import * as option from '../options/options.js';
import { deploymentSecretsCheck } from '../secrecy/deployment-secret.js';
import { revocationBusCheck } from './revocation-bus.js';

export const REVOCATIONS = option.table('RevocationsOptions', {
  /**
   * The same on all instances of a deployment; at least 32 characters. Needed with a bus. Two while one is replaced: the
   * first writes, both read. The old one is needed for `keepSeconds` longer.
   */
  secret: option.optional(deploymentSecretsCheck),
  /**
   * Revocations remembered at once, of single tokens (at most 56 bytes each) and of clients and subjects (at most 80
   * bytes each). Of the room for tokens an eighth is for those of one subject, three quarters for those of which no
   * subject is known; what other instances revoked may go an eighth beyond. What finds no room is refused.
   */
  maxEntries: option.withDefault(option.between(1, 10_000_000), 2_000_000),
  /**
   * How long a revocation is remembered at least when nobody tells the token's expiry, in seconds: as long as tokens
   * live. It goes on as long as there is room.
   */
  keepSeconds: option.withDefault(option.between(3_600, 31_536_000), 86_400),
});

export interface RevocationsOptions extends option.Given<typeof REVOCATIONS> {}

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

/** What is known of a client or subject whose tokens are revoked. */
export interface RevokedPartyOptions {
  /** Whose client or subject it is. Default: any issuer's. */
  readonly issuer?: string | undefined;
  /** Up to when tokens were issued that are refused, in seconds since the epoch, by the clock of the issuer. Default now. */
  readonly at?: number | undefined;
}

/** What is known of a session that is revoked. */
export interface RevokedSessionOptions extends RevokedPartyOptions {
  /** The user of the session. */
  readonly subject?: string | undefined;
}

export const REVOCATIONS_COLLABORATORS = option.table('RevocationsCollaborators', {
  clock: clockOption,
  bus: option.optional(revocationBusCheck),
});

/** Services of revocations; `bus` carries them to the other instances. */
export interface RevocationsCollaborators extends option.Given<typeof REVOCATIONS_COLLABORATORS> {}
