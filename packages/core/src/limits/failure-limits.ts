import * as option from '../options/options.js';

/**
 * How many logins may fail before further ones get 429 without being checked. No account is ever locked: whoever
 * comes from a network that has not failed on it can still log in.
 */
export interface FailureLimits {
  /** How long failures count, in seconds from the first one on. 1 to 86 400, default 900. */
  readonly windowSeconds?: number | undefined;
  /**
   * Failures of one network on one account. Of an IPv6 address the /48 may have four times and the /32 sixteen times as
   * many. 1 to 10 000, default 10.
   */
  readonly perAccountAndNetwork?: number | undefined;
  /** Failures of one network on all accounts together. 1 to 1 000 000, default 100. */
  readonly perNetwork?: number | undefined;
  /**
   * Failures on one account from all networks together; from then on each network has one. The only budget of those
   * whose address is not known. 1 to 1 000 000, default 100.
   */
  readonly perAccount?: number | undefined;
  /** How long a shared counter store may take, in milliseconds. 1 to 5 000, default 50. */
  readonly storeTimeoutMs?: number | undefined;
  /**
   * What happens while the shared store gives no answer: logins that need hashing get 503, or each process counts by
   * itself and every network has one failure on an account. Default `refuse`.
   */
  readonly whenStoreFails?: 'refuse' | 'count_locally' | undefined;
}

export type CheckedLimits = { readonly [Name in keyof FailureLimits]-?: NonNullable<FailureLimits[Name]> };

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedFailureLimits(limits: FailureLimits): CheckedLimits {
  return option.check('FailureLimits', limits, {
    windowSeconds: option.withDefault(option.between(1, 86_400), 900),
    perAccountAndNetwork: option.withDefault(option.between(1, 10_000), 10),
    perNetwork: option.withDefault(option.between(1, 1_000_000), 100),
    perAccount: option.withDefault(option.between(1, 1_000_000), 100),
    storeTimeoutMs: option.withDefault(option.between(1, 5_000), 50),
    whenStoreFails: option.withDefault(option.oneOf('refuse', 'count_locally'), 'refuse'),
  });
}
