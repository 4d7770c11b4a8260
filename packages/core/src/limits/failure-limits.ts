import * as option from '../options/options.js';

export const FAILURE_LIMITS = option.table('FailureLimits', {
  /** How long failures count, in seconds from the first one on. */
  windowSeconds: option.withDefault(option.between(1, 86_400), 900),
  /**
   * Failures of one network on one account. Of an IPv6 address the /48 may have four times and the /32 sixteen times as
   * many.
   */
  perAccountAndNetwork: option.withDefault(option.between(1, 10_000), 10),
  /** Failures of one network on all accounts together. */
  perNetwork: option.withDefault(option.between(1, 1_000_000), 100),
  /**
   * Failures on one account from all networks together; from then on each network has one. The only budget of those
   * whose address is not known.
   */
  perAccount: option.withDefault(option.between(1, 1_000_000), 100),
  /** How long a shared counter store may take, in milliseconds. */
  storeTimeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /**
   * What happens while the shared store gives no answer: logins that need hashing get 503, or each process counts by
   * itself and every network has one failure on an account.
   */
  whenStoreFails: option.withDefault(option.oneOf('refuse', 'count_locally'), 'refuse'),
});

/**
 * How many logins may fail before further ones get 429 without being checked. No account is ever locked: whoever
 * comes from a network that has not failed on it can still log in.
 */
export interface FailureLimits extends option.Given<typeof FAILURE_LIMITS> {}

/** For the options of handlers, which have the limits as a group. */
export const failureLimits: option.Table<option.Kept<typeof FAILURE_LIMITS>, FailureLimits> = FAILURE_LIMITS;
