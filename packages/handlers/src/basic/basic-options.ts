import { Revocations } from '@sallyport/core';
import { type Clock, type CounterStore, type FailureLimits, option, systemClock } from '@sallyport/core/extend';
import type { HashQueueOptions } from './passwords/hash-queue.js';
import type { HashingOptions } from './passwords/password-hasher.js';
import type { ProvedPasswordsOptions } from './passwords/proved-passwords.js';
import type { ScopesOfRoles } from './scope-mapping.js';
import type { UserStore } from './users/user-store.js';

export interface BasicHandlerOptions {
  /** Names this handler in requirements, traces and logs. Default `basic`. */
  readonly name?: string | undefined;
  /** The protection space that clients are told about (RFC 7617 2). */
  readonly realm: string;
  readonly users: UserStore;
  /** The scopes that roles bring: by role, or a function of all roles of an account. Default: none. */
  readonly scopesOfRoles?: ScopesOfRoles | undefined;
  /**
   * How new hashes are made: weaker ones are replaced after a login where the store saves hashes, and unknown users
   * cost as much. Default: Argon2id with 19 MiB and 2 passes.
   */
  readonly hashing?: HashingOptions | undefined;
  /** How many passwords are hashed at once, and how many may wait. */
  readonly queue?: HashQueueOptions | undefined;
  /** How long a password that was right needs no hashing again. */
  readonly cache?: ProvedPasswordsOptions | undefined;
  /** How many logins may fail. */
  readonly failures?: FailureLimits | undefined;
  /** How long the user store may take, in milliseconds. 1 to 60 000, default 2 000. */
  readonly userStoreTimeoutMs?: number | undefined;
}

/** Services of a Basic handler. */
export interface BasicHandlerCollaborators {
  readonly clock?: Clock | undefined;
  /** Where several processes count failures together. Default: each counts its own. */
  readonly counterStore?: CounterStore | undefined;
  /**
   * What has been revoked. A revoked subject is an account by its name: passwords that were right before are forgotten, and
   * the next login is proved anew. A revoked token is one user name with one password, as it follows `Basic`: it is refused
   * as long as the revocation lasts. Passwords have no `jti`, client or issuer.
   */
  readonly revocations?: Revocations | undefined;
}

/** The options with their defaults; the groups are checked by the classes that they are for. */
export interface BasicSettings {
  readonly name: string;
  readonly realm: string;
  readonly users: UserStore;
  readonly scopesOfRoles: ScopesOfRoles | undefined;
  readonly hashing: HashingOptions;
  readonly queue: HashQueueOptions;
  readonly cache: ProvedPasswordsOptions;
  readonly failures: FailureLimits;
  readonly userStoreTimeoutMs: number;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedBasicOptions(options: BasicHandlerOptions): BasicSettings {
  return option.check('BasicHandlerOptions', options, {
    name: option.withDefault(option.text, 'basic'),
    realm: option.text,
    users: option.having<UserStore>('find'),
    scopesOfRoles: option.unchecked<ScopesOfRoles | undefined>(),
    hashing: option.withDefault(option.unchecked<HashingOptions>(), { algorithm: 'argon2id' }),
    queue: option.withDefault(option.unchecked<HashQueueOptions>(), {}),
    cache: option.withDefault(option.unchecked<ProvedPasswordsOptions>(), {}),
    failures: option.withDefault(option.unchecked<FailureLimits>(), {}),
    userStoreTimeoutMs: option.withDefault(option.between(1, 60_000), 2_000),
  });
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedBasicCollaborators(collaborators: BasicHandlerCollaborators): {
  readonly clock: Clock;
  readonly counterStore: CounterStore | undefined;
  readonly revocations: Revocations;
} {
  return option.check('BasicHandlerCollaborators', collaborators, {
    clock: option.withDefault(option.having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    counterStore: option.optional(option.having<CounterStore>('get', 'add', 'reset')),
    revocations: option.withDefault(
      option.having<Revocations>('refuses', 'judge', 'synchronise', 'keepUp', 'openWith'),
      new Revocations(),
    ),
  });
}
