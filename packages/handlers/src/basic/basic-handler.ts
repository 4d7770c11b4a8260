import {
  authenticated,
  basicChallenge,
  type Challenge,
  type Clock,
  callable,
  checkOptions,
  createPrincipal,
  denied,
  type Eventually,
  having,
  optionalOption,
  type SecurityHandler,
  type SecurityRequest,
  systemClock,
  text,
  unavailable,
  type Verdict,
  withDefault,
} from '@sallyport/core';
import { type BasicCredentials, extractBasicCredentials } from './basic-credentials.js';
import { unmatchableHash, verifyPassword } from './password-hash.js';
import type { Account, UserStore } from './user-store.js';

export interface BasicHandlerOptions {
  /** Names this instance. Default `basic`. */
  readonly name?: string | undefined;
  /** Realm of the challenge; RFC 7617 2 requires one. */
  readonly realm: string;
  readonly users: UserStore;
  /** Which scopes a user's roles bring. Default: none. */
  readonly scopesOfRoles?: ((roles: readonly string[]) => readonly string[]) | undefined;
}

/** Authenticates user name and password (RFC 7617). Wrong name and wrong password are one refusal at one cost. */
export class BasicHandler implements SecurityHandler<BasicCredentials> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly #users: UserStore;
  readonly #scopesOfRoles: ((roles: readonly string[]) => readonly string[]) | undefined;
  readonly #clock: Clock;
  #unmatchableHash: Promise<string> | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: BasicHandlerOptions, collaborators: { clock?: Clock | undefined } = {}) {
    const checked = checkOptions('BasicHandlerOptions', options, {
      name: withDefault(text, 'basic'),
      realm: text,
      users: having<UserStore>('find'),
      scopesOfRoles: optionalOption(callable<(roles: readonly string[]) => readonly string[]>()),
    });
    this.name = checked.name;
    this.challenges = Object.freeze([basicChallenge(checked.realm)]);
    this.#users = checked.users;
    this.#scopesOfRoles = checked.scopesOfRoles;
    this.#clock = collaborators.clock ?? systemClock;
  }

  extract(request: SecurityRequest): BasicCredentials | Verdict | undefined {
    return extractBasicCredentials(request);
  }

  verify(credentials: BasicCredentials): Eventually<Verdict> {
    return this.#verify(credentials);
  }

  async #verify(credentials: BasicCredentials): Promise<Verdict> {
    let account: Account | undefined;
    let matches: boolean;
    try {
      account = await this.#users.find(credentials.user);
      this.#unmatchableHash ??= unmatchableHash();
      matches = await verifyPassword(account?.hash ?? (await this.#unmatchableHash), credentials.revealPassword());
    } catch {
      return unavailable('user_store_failed');
    }
    if (account === undefined || !matches) return denied('credentials_wrong');
    return authenticated(this.#principalOf(account));
  }

  #principalOf({ name, roles = [] }: Account) {
    return createPrincipal({
      subject: name,
      roles,
      scopes: this.#scopesOfRoles?.(roles),
      authenticatedAt: Math.floor(this.#clock.now() / 1_000),
      via: [{ handler: this.name, scheme: 'basic' }],
    });
  }
}
