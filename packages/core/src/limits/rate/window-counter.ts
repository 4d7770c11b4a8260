import { answerWithin } from '../../clock/answer-within.js';
import type { Clock } from '../../clock/clock.js';
import { type Eventually, isThenable } from '../../clock/eventually.js';
import type { Count, CounterStore } from '../../stores/counter-store.js';
import { unavailable } from '../../verdict/verdict.js';
import type { StoreWatch } from './store-watch.js';
import { Tallies } from './tallies.js';
import { newTally, type Tally } from './tally.js';
import { FixedWindow, SlidingWindow, type Window } from './window.js';

export interface WindowCounterOptions {
  readonly limit: number;
  readonly windowSeconds: number;
  readonly window: 'fixed' | 'sliding';
  readonly instances: number;
  readonly storeTimeoutMs: number;
  readonly maxEntries: number;
}

export interface WindowCounterServices {
  readonly store: CounterStore | undefined;
  readonly clock: Clock;
  readonly watch: StoreWatch;
}

/** How a limit stands after a request was counted or refused. */
export interface Standing {
  readonly isGranted: boolean;
  readonly used: number;
  readonly most: number;
  /** Until the window ends. */
  readonly resetMs: number;
  /** After a refusal: until the same may be granted, if nothing else comes. */
  readonly waitMs: number;
  /** True if the store gave no answer. */
  readonly isLocal: boolean;
}

/** What the store was asked: when, and up to which count it was to add. */
interface Question {
  readonly sentMs: number;
  /** When the window of the tally was to end. */
  readonly endsAtMs: number;
  most: number;
}

/**
 * Counts amounts by key within windows: in this process, or in a store that several share.
 * - An amount is added first and compared then, in one step of the store, so that no number of requests at once is granted
 *   more than the limit. What is refused is not added: it costs nothing and prolongs nothing.
 * - What the store said is remembered. A caller known to be at its limit is refused without asking the store.
 * - While the store gives no answer, each process grants its share of the limit. It tells the store later.
 */
export class WindowCounter {
  readonly #options: WindowCounterOptions;
  readonly #services: WindowCounterServices;
  readonly #window: Window;
  readonly #tallies: Tallies;
  readonly #watch: StoreWatch;
  /** What one process may grant while the store gives no answer. */
  readonly #share: number;

  constructor(options: WindowCounterOptions, services: WindowCounterServices) {
    const { limit, windowSeconds, window, instances, maxEntries } = options;
    const { store, clock, watch } = services;
    this.#options = options;
    this.#services = services;
    this.#window =
      window === 'fixed'
        ? new FixedWindow(windowSeconds, clock)
        : new SlidingWindow(windowSeconds, clock, store !== undefined);
    this.#tallies = new Tallies(maxEntries, (tally) => this.#window.isOver(tally));
    this.#watch = watch;
    this.#share = Math.max(1, Math.floor(limit / instances));
  }

  /** Keys whose counts this process keeps. */
  get size(): number {
    return this.#tallies.size;
  }

  /** Counts `cost` for a key, unless that is more than the limit allows. */
  take(key: string, cost: number, address: string | undefined): Eventually<Standing> {
    const { store } = this.#services;
    const { tally, isJoint } = this.#tallies.of(key, address);
    // What is never counted begins no window, neither here nor in a store.
    if ((cost === 0 || cost > this.#options.limit) && this.#window.isOver(tally))
      return this.#told(cost === 0, this.#fresh(), cost, this.#watch.isAway);
    if (this.#window.turn(tally) && !isJoint) this.#tallies.moveBack(key);
    if (store === undefined) return this.#grantIf(this.#fits(tally, cost), tally, cost, false);
    const isKnown = tally.before !== undefined || tally.count > 0;
    if (cost === 0 || (isKnown && !isJoint && !this.#fits(tally, cost)))
      return this.#told(cost === 0, tally, cost, this.#watch.isAway);
    if (!this.#watch.mayAsk()) return this.#locally(tally, cost);
    // The store knows each key by itself.
    return this.#ask(store, key, isJoint ? this.#fresh() : tally, cost);
  }

  #fresh(): Tally {
    const tally = newTally();
    this.#window.turn(tally);
    return tally;
  }

  #ask(store: CounterStore, key: string, tally: Tally, cost: number): Eventually<Standing> {
    const question: Question = {
      sentMs: this.#services.clock.monotonic(),
      endsAtMs: tally.endsAtMs,
      most: 0,
    };
    try {
      const answer = this.#add(store, key, tally, cost, question);
      if (!isThenable(answer)) return this.#conclude(checked(answer), tally, cost, question);
      return answerWithin(this.#options.storeTimeoutMs, answer, this.#services.clock).then(
        (count) => this.#concludeLater(count, tally, cost, question),
        (error: unknown) => this.#failed(error, tally, cost),
      );
    } catch (error) {
      return this.#failed(error, tally, cost);
    }
  }

  #add(store: CounterStore, key: string, tally: Tally, cost: number, question: Question): Count | PromiseLike<Count> {
    const name = this.#window.nameOf(key, tally);
    const nameBefore = this.#window.nameBefore(key, tally);
    if (tally.unsent > 0) this.#sendUnsent(store, name, tally);
    if (nameBefore === undefined || tally.before !== undefined) return this.#addTo(store, name, tally, cost, question);
    const found = store.get(nameBefore);
    if (isThenable(found)) {
      return Promise.resolve(found).then((before) => {
        this.#noteBefore(before, tally);
        return this.#addTo(store, name, tally, cost, question);
      });
    }
    this.#noteBefore(found, tally);
    return this.#addTo(store, name, tally, cost, question);
  }

  #addTo(
    store: CounterStore,
    name: string,
    tally: Tally,
    cost: number,
    question: Question,
  ): Count | PromiseLike<Count> {
    question.most = this.#options.limit - this.#window.carried(tally.before ?? 0, tally);
    return store.add(name, this.#window.keptSeconds, cost, question.most);
  }

  #noteBefore(found: Count | undefined, tally: Tally): void {
    tally.before ??= Math.max(found === undefined ? 0 : checked(found).value, tally.ownBefore);
  }

  /** It was granted while the store gave no answer, so it counts whether it fits or not. */
  #sendUnsent(store: CounterStore, name: string, tally: Tally): void {
    const { unsent } = tally;
    tally.unsent = 0;
    tally.count += unsent;
    const sending = async () => store.add(name, this.#window.keptSeconds, unsent);
    sending().catch(() => {
      tally.unsent += unsent;
      tally.count = Math.max(0, tally.count - unsent);
    });
  }

  #concludeLater(count: Count, tally: Tally, cost: number, question: Question): Standing {
    try {
      return this.#conclude(checked(count), tally, cost, question);
    } catch (error) {
      return this.#failed(error, tally, cost);
    }
  }

  #conclude({ value, endsInMs }: Count, tally: Tally, cost: number, question: Question): Standing {
    this.#watch.answered();
    // By what the store was told. Less may be carried by now, but above that it has not added.
    const isGranted = value <= question.most;
    if (this.#window.follow(tally, question.sentMs + endsInMs, question.endsAtMs)) {
      tally.count = Math.max(tally.count, isGranted ? value : value - cost);
      if (isGranted) tally.own += cost;
    }
    return this.#told(isGranted, tally, cost, false);
  }

  #failed(error: unknown, tally: Tally, cost: number): Standing {
    this.#watch.failed(unavailable(error).reason);
    return this.#locally(tally, cost);
  }

  /** Without an answer of the store: the share of this process, and never more than what is known to be left. */
  #locally(tally: Tally, cost: number): Standing {
    const ofOwn = tally.own + this.#window.carried(tally.ownBefore, tally);
    // One request is always let in, whatever it costs.
    const isWithinShare = ofOwn + cost <= this.#share || (ofOwn === 0 && cost <= this.#options.limit);
    const isGranted = isWithinShare && this.#fits(tally, cost);
    if (isGranted) tally.unsent += cost;
    return this.#grantIf(isGranted, tally, cost, true);
  }

  #grantIf(isGranted: boolean, tally: Tally, cost: number, isLocal: boolean): Standing {
    if (isGranted) {
      tally.own += cost;
      if (!isLocal) tally.count += cost;
    }
    return this.#told(isGranted, tally, cost, isLocal);
  }

  #fits(tally: Tally, cost: number): boolean {
    return this.#usedOf(tally) + cost <= this.#options.limit;
  }

  #usedOf(tally: Tally): number {
    const before = Math.max(tally.before ?? 0, tally.ownBefore);
    return tally.count + tally.unsent + this.#window.carried(before, tally);
  }

  #told(isGranted: boolean, tally: Tally, cost: number, isLocal: boolean): Standing {
    const used = isLocal ? tally.own + this.#window.carried(tally.ownBefore, tally) : this.#usedOf(tally);
    const most = isLocal ? this.#share : this.#options.limit;
    const resetMs = Math.max(0, tally.endsAtMs - this.#window.nowMs());
    const waitMs = isGranted ? 0 : this.#waitMs(tally, cost, isLocal);
    return { isGranted, used, most, resetMs, waitMs, isLocal };
  }

  #waitMs(tally: Tally, cost: number, isLocal: boolean): number {
    const ofAll = {
      count: tally.count + tally.unsent,
      before: Math.max(tally.before ?? 0, tally.ownBefore),
      cost,
      most: this.#options.limit,
    };
    const allMs = this.#window.waitMs(ofAll, tally);
    if (!isLocal) return allMs;
    const ofOwn = { count: tally.own, before: tally.ownBefore, cost, most: Math.max(this.#share, cost) };
    return Math.max(allMs, this.#window.waitMs(ofOwn, tally));
  }
}

function checked(count: Count): Count {
  if (Number.isFinite(count?.value) && Number.isFinite(count?.endsInMs)) return count;
  throw new TypeError('A counter store returned no count');
}
