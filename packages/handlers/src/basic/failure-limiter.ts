import { between, type Clock, checkOptions, type Limited, limited, unavailable, withDefault } from '@sallyport/core';
import { answerWithin } from './answer-within.js';
import { publishBasicEvent } from './basic-events.js';
import type { FailureCount, FailureStore } from './failure-store.js';
import type { LoginSource } from './login-source.js';
import { MemoryFailureStore } from './memory-failure-store.js';

/**
 * How many logins may fail before further ones get 429 without being checked. No account is ever locked: whoever
 * comes from a network that has not failed on it can still log in.
 */
export interface FailureLimits {
  /** How long failures count, in seconds from the first one on. 1 to 86 400, default 900. */
  readonly windowSeconds?: number | undefined;
  /** Failures of one network on one account. 1 to 10 000, default 10. */
  readonly perAccountAndNetwork?: number | undefined;
  /** Failures of one network on all accounts together. 1 to 1 000 000, default 100. */
  readonly perNetwork?: number | undefined;
  /** Failures on one account from all networks together; from then on each network has one. 1 to 1 000 000, default 100. */
  readonly perAccount?: number | undefined;
  /** How long a shared failure store may take, in milliseconds. 1 to 5 000, default 50. */
  readonly storeTimeoutMs?: number | undefined;
}

/** The budget of a network on one account that is under attack, or while the shared store does not answer. */
const STRICTEST = 1;
/** Where only checks under way use up the budget: they end soon. */
const BUSY_MS = 1_000;

/**
 * Keeps failing logins within their budgets. Failures alone are counted, but checks under way use up budget as well,
 * so that parallel guesses find no gap. What a shared store says is remembered in this process: refusing a limited
 * login costs no I/O, and an outage of the store finds the counts of before.
 */
export class FailureLimiter {
  readonly #handler: string;
  readonly #limits: Readonly<Record<keyof FailureLimits, number>>;
  readonly #local: MemoryFailureStore;
  readonly #shared: FailureStore | undefined;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, number>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(handler: string, limits: FailureLimits, shared: FailureStore | undefined, clock: Clock) {
    this.#limits = checkOptions('FailureLimits', limits, {
      windowSeconds: withDefault(between(1, 86_400), 900),
      perAccountAndNetwork: withDefault(between(1, 10_000), 10),
      perNetwork: withDefault(between(1, 1_000_000), 100),
      perAccount: withDefault(between(1, 1_000_000), 100),
      storeTimeoutMs: withDefault(between(1, 5_000), 50),
    });
    this.#handler = handler;
    this.#local = new MemoryFailureStore({}, { clock });
    this.#shared = shared;
    this.#clock = clock;
  }

  /** The refusal that a login has coming, as far as this process knows. */
  standing(source: LoginSource): Limited | undefined {
    if (this.#local.size === 0) return undefined;
    const [network, , accountAndNetwork] = source.keys;
    return refusal(
      this.#spentMs(network, this.#limits.perNetwork, 0),
      this.#spentMs(accountAndNetwork, this.#limits.perAccountAndNetwork, 0),
    );
  }

  /** Runs a check within the budgets, and counts it when it comes out false. Over budget, it does not run. */
  async run({ keys }: LoginSource, check: () => Promise<boolean>): Promise<boolean | Limited> {
    for (const key of keys) this.#underWay.set(key, this.#checksUnderWay(key) + 1);
    try {
      const isInformed = await this.#learn(keys);
      const refused = this.#overBudget(keys, isInformed);
      if (refused !== undefined) return refused;
      const passed = await check();
      if (!passed) await this.#count(keys);
      return passed;
    } finally {
      for (const key of keys) this.#end(key);
    }
  }

  #overBudget([network, account, accountAndNetwork]: LoginSource['keys'], isInformed: boolean): Limited | undefined {
    const { perNetwork, perAccount, perAccountAndNetwork } = this.#limits;
    const isUnderAttack = (this.#local.get(account)?.failures ?? 0) >= perAccount;
    const budget = isInformed && !isUnderAttack ? perAccountAndNetwork : STRICTEST;
    return refusal(
      this.#spentMs(network, perNetwork, this.#checksUnderWay(network) - 1),
      this.#spentMs(accountAndNetwork, budget, this.#checksUnderWay(accountAndNetwork) - 1),
    );
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
      if (count !== undefined) this.#local.raise(keys[index] as string, count);
    });
    return counts !== undefined;
  }

  /** Counts here before it asks there: no outage loses a failure. */
  async #count(keys: readonly string[]): Promise<void> {
    const { windowSeconds } = this.#limits;
    for (const key of keys) this.#local.add(key, windowSeconds);
    await this.#ask((shared) => keys.map(async (key) => shared.add(key, windowSeconds)));
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

function refusal(...spentMs: readonly number[]): Limited | undefined {
  const waitMs = Math.max(...spentMs);
  return waitMs > 0 ? limited({ retryAfterSeconds: waitMs / 1_000 }) : undefined;
}

function isCount(count: FailureCount | undefined): boolean {
  return count === undefined || (Number.isFinite(count.failures) && Number.isFinite(count.endsInMs));
}
