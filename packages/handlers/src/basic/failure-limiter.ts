import { type Clock, type Limited, limited, type Unavailable, unavailable } from '@sallyport/core';
import { answerWithin } from '../answer-within.js';
import { publishBasicEvent } from './basic-events.js';
import { type CheckedLimits, checkedFailureLimits, type FailureLimits } from './failure-limits.js';
import type { FailureCount, FailureStore } from './failure-store.js';
import type { LoginSource } from './login-source.js';
import { MemoryFailureStore } from './memory-failure-store.js';

/** The budget of a network on one account that is under attack, or while the shared store does not answer. */
const STRICTEST = 1;
const UNINFORMED: Unavailable = unavailable('failure_store_unavailable');
/** Where only checks under way use up the budget: they end soon. */
const BUSY_MS = 1_000;
/** How long logins count that were not checked: as long as a right password may be remembered. */
const UNCHECKED_SECONDS = 60;

/**
 * Keeps failing logins within their budgets. Failures alone are counted, but checks under way use up budget as well,
 * so that parallel guesses find no gap. Neither do guesses that came to no check (the queue was full, the client had
 * gone, the shared store was away): while a right password is remembered, it shows by being answered, so these have a
 * budget of their own. A success clears what its network has failed on its account, and nothing else: an attacker's
 * own account buys no further guesses. What a shared store says is remembered in this process: refusing a limited
 * login costs no I/O, and an outage of the store finds the counts of before.
 */
export class FailureLimiter {
  readonly #handler: string;
  readonly #limits: CheckedLimits;
  readonly #local: MemoryFailureStore;
  readonly #shared: FailureStore | undefined;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, number>();
  /** Until then a budget may be used up, on the monotonic clock: most of the time none is, and logins need no keys. */
  #spentUntilMs = Number.NEGATIVE_INFINITY;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(handler: string, limits: FailureLimits, shared: FailureStore | undefined, clock: Clock) {
    this.#limits = checkedFailureLimits(limits);
    if (shared !== undefined && this.#limits.whenStoreFails === 'count_locally') {
      process.emitWarning(`${handler} goes on without its failure store (whenStoreFails)`, 'SallyportWarning');
    }
    this.#handler = handler;
    this.#local = new MemoryFailureStore({}, { clock });
    this.#shared = shared;
    this.#clock = clock;
  }

  /**
   * The refusal that a login has coming, as far as this process knows. Holds for remembered passwords too: otherwise
   * the right one among many guesses would stand out.
   */
  standing(source: LoginSource): Limited | undefined {
    if (this.#underWay.size === 0 && this.#clock.monotonic() >= this.#spentUntilMs) return undefined;
    return this.#overBudget(source.keys, { isInformed: true, own: 0 });
  }

  /** Runs a check within the budgets, and counts it when it comes out false. Over budget, it does not run. */
  async run({ keys }: LoginSource, check: () => Promise<boolean>): Promise<boolean | Limited | Unavailable> {
    for (const key of keys) this.#underWay.set(key, this.#checksUnderWay(key) + 1);
    try {
      const isInformed = await this.#learn(keys);
      const isBlind = !isInformed && this.#limits.whenStoreFails === 'refuse';
      const refused = this.#overBudget(keys, { isInformed, own: 1 }) ?? (isBlind ? UNINFORMED : undefined);
      if (refused === undefined) return await this.#checkAndCount(keys, check);
      this.#countUnchecked(keys);
      return refused;
    } finally {
      for (const key of keys) this.#end(key);
    }
  }

  async #checkAndCount(keys: LoginSource['keys'], check: () => Promise<boolean>): Promise<boolean> {
    const passed = await check().catch((error) => {
      this.#countUnchecked(keys);
      throw error;
    });
    await (passed ? this.#forgive(keys) : this.#count(keys));
    return passed;
  }

  /** `own` is 1 for a login that counts among those under way. */
  #overBudget(
    [network, account, accountAndNetwork]: LoginSource['keys'],
    { isInformed, own }: { isInformed: boolean; own: 0 | 1 },
  ): Limited | undefined {
    const { perNetwork, perAccount, perAccountAndNetwork } = this.#limits;
    const isUnderAttack = (this.#local.get(account)?.failures ?? 0) >= perAccount;
    const budget = isInformed && !isUnderAttack ? perAccountAndNetwork : STRICTEST;
    const waitMs = Math.max(
      this.#spentMs(network, perNetwork, this.#checksUnderWay(network) - own),
      this.#spentMs(accountAndNetwork, budget, this.#checksUnderWay(accountAndNetwork) - own),
      this.#spentMs(unchecked(accountAndNetwork), perAccountAndNetwork, 0),
    );
    return waitMs > 0 ? limited({ retryAfterSeconds: waitMs / 1_000 }) : undefined;
  }

  /** How long a budget stays used up; 0 when something is left of it. */
  #spentMs(key: string, budget: number, underWay: number): number {
    const count = this.#local.get(key);
    const failures = count?.failures ?? 0;
    if (failures >= budget) return count?.endsInMs ?? BUSY_MS;
    return failures + underWay >= budget ? BUSY_MS : 0;
  }

  #checksUnderWay(key: string): number {
    return this.#underWay.get(key) ?? 0;
  }

  #end(key: string): void {
    const left = this.#checksUnderWay(key) - 1;
    if (left === 0) this.#underWay.delete(key);
    else this.#underWay.set(key, left);
  }

  /** Takes over what the shared store has counted; false when it does not tell. */
  async #learn(keys: readonly string[]): Promise<boolean> {
    const counts = await this.#ask((shared) => keys.map(async (key) => shared.get(key)));
    counts?.forEach((count, index) => {
      if (count !== undefined) this.#note(this.#local.raise(keys[index] as string, count));
    });
    return counts !== undefined;
  }

  /** Counts here before it asks there: no outage loses a failure. */
  async #count(keys: readonly string[]): Promise<void> {
    const { windowSeconds } = this.#limits;
    for (const key of keys) this.#note(this.#local.add(key, windowSeconds));
    await this.#ask((shared) => keys.map(async (key) => shared.add(key, windowSeconds)));
  }

  async #forgive([, , accountAndNetwork]: LoginSource['keys']): Promise<void> {
    this.#local.reset(unchecked(accountAndNetwork));
    if (this.#local.get(accountAndNetwork) === undefined) return;
    this.#local.reset(accountAndNetwork);
    await this.#ask((shared) => [(async () => shared.reset(accountAndNetwork))().then(() => undefined)]);
  }

  #countUnchecked([, , accountAndNetwork]: LoginSource['keys']): void {
    this.#note(this.#local.add(unchecked(accountAndNetwork), UNCHECKED_SECONDS));
  }

  #note({ failures, endsInMs }: FailureCount): void {
    const { perNetwork, perAccount, perAccountAndNetwork } = this.#limits;
    if (failures < Math.min(perNetwork, perAccount, perAccountAndNetwork)) return;
    this.#spentUntilMs = Math.max(this.#spentUntilMs, this.#clock.monotonic() + endsInMs);
  }

  /** The shared store's answers, none where there is no such store; `undefined` when it gives none. */
  async #ask(question: (shared: FailureStore) => Promise<FailureCount | undefined>[]) {
    const shared = this.#shared;
    if (shared === undefined) return [];
    try {
      const counts = await answerWithin(this.#limits.storeTimeoutMs, Promise.all(question(shared)), this.#clock);
      if (!counts.every(isCount)) throw new TypeError('A failure store returned no count');
      return counts;
    } catch (error) {
      const { reason } = unavailable(error);
      publishBasicEvent({ kind: 'failure_store_unavailable', handler: this.#handler, reason });
      return undefined;
    }
  }
}

function unchecked(key: string): string {
  return `${key} unchecked`;
}

function isCount(count: FailureCount | undefined): boolean {
  return count === undefined || (Number.isFinite(count.failures) && Number.isFinite(count.endsInMs));
}
