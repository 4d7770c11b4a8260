import { type Unavailable, UpstreamError, unavailable } from '@sallyport/core';
import { answerWithin, type Clock, describeError, type Eventually } from '@sallyport/core/extend';
import { FileUnusable } from '../../files/reloaded-file.js';
import type { Account } from './account.js';
import type { UserStore } from './user-store.js';

/** Asks a user store, with a time limit, and checks its answers. */
export class AccountDirectory {
  readonly #users: UserStore;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(users: UserStore, timeoutMs: number, clock: Clock) {
    this.#users = users;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * Finds an account, without a promise if the store returns none. When the store fails, the answer is `unavailable`,
   * never "no such user".
   */
  find(userName: string): Eventually<Account | Unavailable | undefined> {
    try {
      const found = this.#users.find(userName);
      if (!isThenable(found)) return checkedAccount(found);
      return answerWithin(this.#timeoutMs, found, this.#clock).then(checkedAccount).catch(cannotTell);
    } catch (error) {
      return cannotTell(error);
    }
  }

  /** True when the store can save stronger hashes. */
  get savesHashes(): boolean {
    return this.#users.saveHash !== undefined;
  }

  async saveHash(account: Account, hash: string): Promise<void> {
    const saving = (async () => this.#users.saveHash?.(account.name, hash, account.hash))();
    await answerWithin(this.#timeoutMs, saving, this.#clock);
  }
}

function cannotTell(error: unknown): Unavailable {
  return unavailable(error, { detail: error instanceof FileUnusable ? error.message : problemOf(error) });
}

/** The message stays away: a store is foreign code. */
function problemOf(error: unknown): string {
  const { name, code } = describeError(error);
  return `find() of the user store failed with ${name}${code === undefined ? '' : ` (${code})`}`;
}

function isThenable<Value>(value: Eventually<Value>): value is Promise<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function checkedAccount(found: Account | null | undefined): Account | undefined {
  if (found === undefined || found === null) return undefined;
  const { name, hash, roles } = found;
  const isNamed = typeof name === 'string' && name !== '' && typeof hash === 'string';
  if (!isNamed || (roles !== undefined && !isListOfTexts(roles))) {
    throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', 'A user store returned something that is no account');
  }
  return found;
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
