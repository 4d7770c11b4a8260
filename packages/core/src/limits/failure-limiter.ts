import type { Clock } from '../clock/clock.js';
import type * as option from '../options/options.js';
import type { Count, CounterStore } from '../stores/counter-store.js';
import { MemoryCounterStore } from '../stores/memory-counter-store.js';
import { type Limited, limited, type Unavailable, unavailable } from '../verdict/verdict.js';
import type { CountedCaller, CounterKeys } from './counted-caller.js';
import { type FailureLimits, failureLimits } from './failure-limits.js';
import type { GoodBefore } from './good-before.js';
import { SharedCounters } from './shared-counters.js';

/** The budget of a network on one account that is under attack, or while the shared store does not answer. */
const STRICTEST = 1;
/** How much more of one account the /48 and the /32 around a network may fail: 4 and 16 times as much. */
const WIDER = 4;
const UNINFORMED: Unavailable = unavailable('failure_store_unavailable');
/** The wait when only checks under way use up the budget: they end soon. */
const BUSY_MS = 1_000;
/** How long unchecked logins count: as long as a right password may be remembered. */
const UNCHECKED_SECONDS = 60;
/** They have counters of their own: they cost no hash, so a flood of them would push out the counts of failures. */
const MAX_UNCHECKED = 50_000;

/** Services of a failure limiter. */
export interface FailureLimiterServices {
  /** The counters that several processes share. */
  readonly store: CounterStore | undefined;
  /** The credentials that were right before. The limiter adds those that pass. */
  readonly good: GoodBefore;
  readonly clock: Clock;
  /** Called with a reason each time the store gives no answer. */
  readonly report: (reason: string) => void;
}

const NEVER = Number.NEGATIVE_INFINITY;

interface Circumstances {
  /** False while the shared store does not answer. */
  readonly isInformed: boolean;
  /** How many checks under way do not count against this login: its own, or all. */
  readonly exempt: number;
}

const AT_REST: Circumstances = { isInformed: true, exempt: 0 };
const SPENT_ALONE: Circumstances = { isInformed: true, exempt: Number.POSITIVE_INFINITY };

/**
 * Limits how many logins may fail.
 * - Only failures count. Checks under way use up budget until they end, so that parallel guesses stay within it.
 * - Logins that were not checked (queue full, client gone, shared store away) have a budget of their own. Without it, an
 *   attacker could guess a password that is still remembered: the right one is answered without a check.
 * - A success clears the failures of its network on its account, and nothing else. So attackers cannot get more guesses
 *   by logging in to their own account.
 * - Counts of the shared store are also kept in this process. So a limited login is refused without I/O, and an outage of
 *   the store begins with the last known counts.
 * - Without an address, a login has the budget of its account. When it is used up, a credential that was right before may
 *   still log in, until as many further logins were refused. So guesses of others do not lock out the owner at once.
 */
export class FailureLimiter {
  readonly #limits: option.Kept<typeof failureLimits>;
  readonly #local: MemoryCounterStore;
  readonly #unchecked: MemoryCounterStore;
  readonly #shared: SharedCounters;
  readonly #good: GoodBefore;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, number>();
  /** Until then (monotonic clock) some budget may be used up. Later, logins need no keys. */
  #spentUntilMs = NEVER;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(handler: string, limits: FailureLimits, { store, good, clock, report }: FailureLimiterServices) {
    this.#limits = failureLimits(limits);
    if (store !== undefined && this.#limits.whenStoreFails === 'count_locally') {
      process.emitWarning(`${handler} goes on without its counter store (whenStoreFails)`, 'SallyportWarning');
    }
    this.#local = new MemoryCounterStore({}, { clock });
    this.#unchecked = new MemoryCounterStore({ maxEntries: MAX_UNCHECKED }, { clock });
    this.#shared = new SharedCounters(store, { timeoutMs: this.#limits.storeTimeoutMs, clock, report });
    this.#good = good;
    this.#clock = clock;
  }

  /** True while no login can be over budget: then `standing` refuses nobody, and callers need no keys (bench: basic). */
  get isAtRest(): boolean {
    const isSpent = this.#spentUntilMs !== NEVER && this.#clock.monotonic() < this.#spentUntilMs;
    return this.#underWay.size === 0 && !isSpent;
  }

  /**
   * The refusal of a login over budget, as far as this process knows. Ask it for remembered passwords too: otherwise the
   * right one among many guesses would stand out. `joins` is true for a login that waits for a check under way: such a
   * login is no further guess.
   */
  standing(caller: CountedCaller, joins: boolean): Limited | undefined {
    if (this.isAtRest) return undefined;
    const refusal = this.#overBudget(caller, joins ? SPENT_ALONE : AT_REST);
    const { network, account } = caller.keys;
    if (refusal !== undefined && network === undefined && this.#isUnderAttack(account)) {
      this.#countUnchecked(caller.keys);
    }
    return refusal;
  }

  /** Runs a check unless the login is over budget. Counts a failure if it returns false. */
  async run(caller: CountedCaller, check: () => Promise<boolean>): Promise<boolean | Limited | Unavailable> {
    const { keys } = caller;
    for (const key of keys.all) this.#underWay.set(key, this.#checksUnderWay(key) + 1);
    try {
      const isInformed = await this.#learn(keys);
      const isBlind = !isInformed && this.#limits.whenStoreFails === 'refuse';
      const refused = this.#overBudget(caller, { isInformed, exempt: 1 }) ?? (isBlind ? UNINFORMED : undefined);
      if (refused === undefined) return await this.#checkAndCount(caller, check);
      this.#countUnchecked(keys);
      return refused;
    } finally {
      for (const key of keys.all) this.#end(key);
    }
  }

  async #checkAndCount(caller: CountedCaller, check: () => Promise<boolean>): Promise<boolean> {
    const { keys } = caller;
    const passed = await check().catch((error) => {
      // A password that was right before is no guess. During an overload, its owner must not run out of budget.
      if (!this.#wasGood(caller.credential)) {
        this.#countUnchecked(keys);
        if (keys.network !== undefined) this.#addUnchecked(keys.network, this.#limits.perNetwork);
      }
      throw error;
    });
    if (passed) this.#noteGood(caller);
    await (passed ? this.#forgive(keys) : this.#count(keys));
    return passed;
  }

  #overBudget(caller: CountedCaller, circumstances: Circumstances): Limited | undefined {
    const { network, account, pairs } = caller.keys;
    const { perNetwork, perAccountAndNetwork } = this.#limits;
    if (network === undefined) return this.#overBudgetOfAccount(caller, circumstances);
    let waitMs = Math.max(
      this.#spentMs(network, perNetwork, circumstances),
      uncheckedMs(this.#unchecked, network, perNetwork),
      uncheckedMs(this.#unchecked, pairs[0] as string, perAccountAndNetwork),
    );
    const isStrict = !circumstances.isInformed || this.#isUnderAttack(account);
    let budget = isStrict ? STRICTEST : perAccountAndNetwork;
    // An account that was right from this network is not limited by failures of the networks around it.
    const counted = this.#wasGood(pairs[0] as string) ? pairs.slice(0, 1) : pairs;
    for (const pair of counted) {
      waitMs = Math.max(waitMs, this.#spentMs(pair, budget, circumstances));
      budget *= WIDER;
    }
    return waitMs > 0 ? limited({ retryAfterSeconds: waitMs / 1_000 }) : undefined;
  }

  /** For a login without an address. */
  #overBudgetOfAccount(caller: CountedCaller, circumstances: Circumstances): Limited | undefined {
    const { account } = caller.keys;
    const { perAccount, perAccountAndNetwork } = this.#limits;
    const spentMs = this.#spentMs(account, circumstances.isInformed ? perAccount : perAccountAndNetwork, circumstances);
    const isExempt = this.#isUnderAttack(account) && this.#wasGood(caller.credential);
    const waitMs = Math.max(isExempt ? 0 : spentMs, uncheckedMs(this.#unchecked, account, perAccount));
    return waitMs > 0 ? limited({ retryAfterSeconds: waitMs / 1_000 }) : undefined;
  }

  #isUnderAttack(account: string): boolean {
    return (this.#local.get(account)?.value ?? 0) >= this.#limits.perAccount;
  }

  #wasGood(name: string): boolean {
    return this.#good.standingOf(name, undefined) === 'known';
  }

  #noteGood({ credential, address, keys }: CountedCaller): void {
    this.#good.note(credential, address);
    const [pair] = keys.pairs;
    if (pair !== undefined) this.#good.note(pair, address);
  }

  /** How long a budget stays used up, in milliseconds; 0 if it is not. */
  #spentMs(key: string, budget: number, { exempt }: Circumstances): number {
    const count = this.#local.get(key);
    const failures = count?.value ?? 0;
    if (failures >= budget) return count?.endsInMs ?? BUSY_MS;
    return failures + Math.max(0, this.#checksUnderWay(key) - exempt) >= budget ? BUSY_MS : 0;
  }

  #checksUnderWay(key: string): number {
    return this.#underWay.get(key) ?? 0;
  }

  #end(key: string): void {
    const left = this.#checksUnderWay(key) - 1;
    if (left === 0) this.#underWay.delete(key);
    else this.#underWay.set(key, left);
  }

  /** Copies the counts of the shared store; false if it does not answer. */
  async #learn(keys: CounterKeys): Promise<boolean> {
    const counts = await this.#shared.get(keys.all);
    counts?.forEach((count, index) => {
      const key = keys.all[index] as string;
      if (count !== undefined) this.#note(this.#local.raise(key, count, this.#limitOf(key, keys)));
    });
    return counts !== undefined;
  }

  /** Counts in this process first, so that an outage of the store loses no failure. */
  async #count(keys: CounterKeys): Promise<void> {
    const { windowSeconds } = this.#limits;
    for (const key of keys.all)
      this.#note(this.#local.add(key, windowSeconds, 1, Number.POSITIVE_INFINITY, this.#limitOf(key, keys)));
    await this.#shared.add(keys.all, windowSeconds);
  }

  /** The count at which a counter begins to refuse. */
  #limitOf(key: string, { account, network }: CounterKeys): number {
    if (key === account) return this.#limits.perAccount;
    return key === network ? this.#limits.perNetwork : this.#limits.perAccountAndNetwork;
  }

  async #forgive({ pairs: [pair] }: CounterKeys): Promise<void> {
    if (pair === undefined) return;
    this.#unchecked.reset(pair);
    if (this.#local.get(pair) === undefined) return;
    this.#local.reset(pair);
    await this.#shared.reset(pair);
  }

  #countUnchecked({ pairs: [pair], account }: CounterKeys): void {
    const { perAccount, perAccountAndNetwork, windowSeconds } = this.#limits;
    if (pair === undefined) this.#addUnchecked(account, perAccount, windowSeconds);
    else this.#addUnchecked(pair, perAccountAndNetwork);
  }

  #addUnchecked(key: string, limit: number, windowSeconds = UNCHECKED_SECONDS): void {
    this.#note(this.#unchecked.add(key, windowSeconds, 1, Number.POSITIVE_INFINITY, limit));
  }

  #note({ value, endsInMs }: Count): void {
    const { perNetwork, perAccount, perAccountAndNetwork } = this.#limits;
    if (value < Math.min(perNetwork, perAccount, perAccountAndNetwork)) return;
    this.#spentUntilMs = Math.max(this.#spentUntilMs, this.#clock.monotonic() + endsInMs);
  }
}

function uncheckedMs(counters: MemoryCounterStore, key: string, budget: number): number {
  const count = counters.get(key);
  return count !== undefined && count.value >= budget ? count.endsInMs : 0;
}
