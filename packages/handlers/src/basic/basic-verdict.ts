import {
  type Authenticated,
  authenticated,
  ConfigurationError,
  createPrincipal,
  type Denied,
  denied,
  type Unavailable,
  UpstreamError,
  unavailable,
} from '@sallyport/core';
import type { Clock } from '@sallyport/core/extend';
import type { Account } from './users/account.js';

const NO_USER = denied('user_or_password_wrong', { detail: 'there is no such user' });
const WRONG_PASSWORD = denied('user_or_password_wrong', { detail: 'the user is known, and the password is another' });
export const REVOKED: Denied = denied('password_revoked');
export const UNSUPPORTED_HASH: Unavailable = unavailable('password_hash_unsupported');

/** Only the operator is told whether there is an account. */
export function wrong(account: Account | undefined): Denied {
  return account === undefined ? NO_USER : WRONG_PASSWORD;
}

/** The check of a password failed by itself. A hash of the store may need native code that is missing. */
export function failed(error: unknown): Unavailable {
  if (error instanceof ConfigurationError) return unavailable('native_code_missing', { detail: error.message });
  return unavailable(error, {
    retryAfterSeconds: error instanceof UpstreamError ? error.retryAfterSeconds : undefined,
  });
}

/**
 * Makes the verdict about an account whose password was right. All requests of one second share a verdict, because
 * `authenticatedAt` is in whole seconds.
 */
export class AccountVerdicts {
  readonly #handler: string;
  readonly #scopesOf: (roles: readonly string[]) => readonly string[];
  readonly #clock: Clock;
  readonly #made = new WeakMap<Account, Authenticated>();

  constructor(handler: string, scopesOf: (roles: readonly string[]) => readonly string[], clock: Clock) {
    this.#handler = handler;
    this.#scopesOf = scopesOf;
    this.#clock = clock;
  }

  of(account: Account): Authenticated {
    const authenticatedAt = Math.floor(this.#clock.now() / 1_000);
    const known = this.#made.get(account);
    if (known?.principal.authenticatedAt === authenticatedAt) return known;
    const { name, roles = [], claims } = account;
    const scopes = this.#scopesOf(roles);
    const via = [{ handler: this.#handler, scheme: 'basic' }];
    const principal = createPrincipal({ subject: name, roles, claims, scopes, authenticatedAt, amr: ['pwd'], via });
    const verdict = authenticated(principal);
    this.#made.set(account, verdict);
    return verdict;
  }
}
