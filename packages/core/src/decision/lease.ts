import type { Guard } from '../guard/guard.js';
import * as option from '../options/options.js';
import type { Principal } from '../principal/principal.js';
import type { GrantedDecision } from './decision.js';

/**
 * Why a lease has ended:
 * - `expired`: the credential has, of several the first.
 * - `revoked`: a credential, its subject or its client was revoked.
 * - `denied`: asked again, the decision was another one; or nobody could tell for too long.
 * - `closed`: the chain was closed.
 * - `released`: the answer or the connection is over, or the application has released it.
 */
export type LeaseEnd = 'expired' | 'revoked' | 'denied' | 'closed' | 'released';

/** A granted decision that goes on: an event stream, a socket, a long answer. Adapters give one by `leaseOf`. */
export interface Lease {
  readonly principal: Principal;
  /** Undefined as long as it goes on. */
  readonly ended: LeaseEnd | undefined;
  /** Aborted at the end, for whatever reason. Made on first use. */
  readonly signal: AbortSignal;
  /** Calls the listener once, at the end; at once if that has come. Its errors change nothing. */
  onEnd(listener: (reason: LeaseEnd) => void): void;
  /** Ends it as `released`. Adapters do so when the answer or the connection is over. */
  release(): void;
}

export const LEASE = option.table('LeaseOptions', {
  /**
   * How often the guards are asked again, and whether the key that verified the credential still counts, in seconds. If
   * nobody can tell for so long once more, the lease ends.
   */
  recheckSeconds: option.withDefault(option.between(1, 3_600), 60),
});

export interface LeaseOptions extends option.Given<typeof LEASE> {}

/** For adapters with options of their own, too. */
export const leaseOptions: option.Table<option.Kept<typeof LEASE>, LeaseOptions> = LEASE;

/** What an adapter knows of a grant that goes on. */
export interface LeaseTerms extends option.Kept<typeof LEASE> {
  /** The guards that routes added to the grant. */
  readonly guards: readonly Guard[];
  /** What other deciders have granted the same request. Their credentials are not kept either. */
  readonly others: readonly GrantedDecision[];
  /** For deciders whose chains succeed each other: the next chain can be asked about it. Default false. */
  readonly isHeritable?: boolean | undefined;
}
