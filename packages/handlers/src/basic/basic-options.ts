import { Revocations } from '@sallyport/core';
import {
  type Clock,
  type CounterStore,
  clockOption,
  type FailureLimits,
  isScopeToken,
  memberPath,
  option,
} from '@sallyport/core/extend';
import type { HashQueueOptions } from './passwords/hash-queue.js';
import type { HashingOptions } from './passwords/password-hasher.js';
import type { ProvedPasswordsOptions } from './passwords/proved-passwords.js';
import type { UserStore } from './users/user-store.js';

/** Which scopes roles have: a map from role to one or more scopes, or a function of all roles of an account. */
export type ScopesOfRoles =
  | Readonly<Record<string, string | readonly string[]>>
  | ((roles: readonly string[]) => readonly string[]);

export interface BasicHandlerOptions {
  /** Names this handler in requirements, traces and logs. Default `basic`. */
  readonly name?: string | undefined;
  /** The protection space that clients are told about (RFC 7617 2). */
  readonly realm: string;
  readonly users: UserStore;
  /** Which scopes roles have. Default: none. */
  readonly scopesOfRoles?: ScopesOfRoles | undefined;
  /**
   * How new hashes are made. A weaker stored hash is replaced after a login if the store saves hashes. Until the first
   * check against a stored hash, logins of unknown users cost as much as new hashes. Default: Argon2id with 19 MiB and
   * 2 passes.
   */
  readonly hashing?: HashingOptions | undefined;
  /** How many passwords are hashed at once, and how many may wait. */
  readonly queue?: HashQueueOptions | undefined;
  /** How long a right password is remembered, so that it need not be hashed again. */
  readonly cache?: ProvedPasswordsOptions | undefined;
  /** How many logins may fail. */
  readonly failures?: FailureLimits | undefined;
  /** How long the user store may take, in milliseconds. 1 to 60 000, default 2 000. */
  readonly userStoreTimeoutMs?: number | undefined;
}

/** Services of a Basic handler. */
export interface BasicHandlerCollaborators {
  readonly clock?: Clock | undefined;
  /** Counts failures for several processes together. Default: each process counts its own. */
  readonly counterStore?: CounterStore | undefined;
  /**
   * The revocations. A revoked subject is the name of an account: its remembered passwords are forgotten, and its next
   * login is checked anew. A revoked token is one user name with one password, as it follows `Basic`: it is refused
   * while the revocation lasts. Passwords have no `jti`, client or issuer.
   */
  readonly revocations?: Revocations | undefined;
}

/** The options with their defaults. Each group of options is checked by the class that uses it. */
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
    clock: clockOption,
    counterStore: option.optional(option.having<CounterStore>('get', 'add', 'reset')),
    revocations: option.withDefault(
      option.having<Revocations>('refuses', 'statusOf', 'synchronise', 'keepUp', 'openWith'),
      new Revocations(),
    ),
  });
}

/**
 * Compiles a mapping of roles to scopes. A role that the mapping does not name has no scopes. Without a mapping no role
 * has any.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function scopeMapping(mapping: ScopesOfRoles | undefined): (roles: readonly string[]) => readonly string[] {
  if (mapping === undefined) return () => [];
  if (typeof mapping === 'function') return mapping;
  if (typeof mapping !== 'object' || mapping === null)
    throw option.invalid('scopesOfRoles', 'must be an object or a function');
  const byRole = new Map(
    Object.entries(mapping).map(([role, scopes], index) => [role, checkedScopes(role, scopes, index)]),
  );
  return (roles) => [...new Set(roles.flatMap((role) => byRole.get(role) ?? []))];
}

function checkedScopes(role: string, scopes: unknown, index: number): readonly string[] {
  const name = memberPath('scopesOfRoles', role, index);
  const list = option.textOrTexts(scopes, name);
  if (!list.every(isScopeToken)) throw option.invalid(name, 'must name scopes as RFC 6749 3.3 allows them');
  return list;
}
