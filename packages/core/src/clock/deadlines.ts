import type { Clock } from './clock.js';

/** A task with a deadline. It is an entry of a linked list, so that ending it early costs no search. */
export abstract class Timed {
  /** On the monotonic clock. A whole number, because V8 stores others as separate objects. */
  dueMs = 0;
  earlier: Timed | undefined;
  later: Timed | undefined;

  /**
   * Called at the deadline. `isLate` is true when this process was too busy to look in time. Then nobody can say who
   * took the time.
   */
  abstract expire(isLate: boolean): void;
}

/** A timer that fires this late means that the process cannot keep up. */
const LATE_MS = 100;

/**
 * Deadlines of one length. They end in the order in which they begin, so one timer serves all. `within` sets a timer for
 * each wait and cannot tell when the process itself was late.
 */
export class Deadlines<Item extends Timed> {
  readonly #lengthMs: number;
  readonly #clock: Clock;
  readonly #areAwaited: boolean;
  #first: Timed | undefined;
  #last: Timed | undefined;
  #cancel: (() => void) | undefined;

  /** With `areAwaited` the process stays alive until the last of them has ended; otherwise they do not keep it alive. */
  constructor(lengthMs: number, clock: Clock, areAwaited = false) {
    this.#lengthMs = lengthMs;
    this.#clock = clock;
    this.#areAwaited = areAwaited;
  }

  begin(item: Item): void {
    item.dueMs = Math.floor(this.#clock.monotonic() + this.#lengthMs);
    item.earlier = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
    this.#cancel ??= this.#clock.schedule(this.#lengthMs, this.#ring, this.#areAwaited);
  }

  end(item: Timed): void {
    const { earlier, later } = item;
    if (earlier !== undefined) earlier.later = later;
    else if (this.#first === item) this.#first = later;
    else return;
    if (later !== undefined) later.earlier = earlier;
    else this.#last = earlier;
    item.earlier = undefined;
    item.later = undefined;
    if (this.#areAwaited && this.#first === undefined) this.#stop();
  }

  /** Ends all of them before their time. `giveUp` is called for each. */
  clear(giveUp: (item: Item) => void): void {
    this.#stop();
    for (let item = this.#first; item !== undefined; item = this.#first) {
      this.end(item);
      giveUp(item as Item);
    }
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * The callback of the timer. Where nobody awaits it, it keeps running when its deadline ended early. It then does
   * nothing and is set for the next deadline.
   */
  readonly #ring = (): void => {
    const first = this.#first;
    const isLate = first !== undefined && this.#clock.monotonic() - first.dueMs > LATE_MS;
    if (isLate) this.#readFirst();
    else this.#expire(false);
  };

  /**
   * Lets Node read its sockets before the deadline ends: it reads them after timers and before immediates. So an answer
   * that came in time counts.
   */
  #readFirst(): void {
    const turn = setImmediate(() => this.#expire(true));
    this.#cancel = () => clearImmediate(turn);
  }

  #expire(isLate: boolean): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonic();
    let next = this.#first;
    // A timer may fire a little early.
    for (; next !== undefined && next.dueMs <= nowMs; next = this.#first) {
      this.end(next);
      next.expire(isLate);
    }
    if (next !== undefined) this.#cancel ??= this.#clock.schedule(next.dueMs - nowMs, this.#ring, this.#areAwaited);
  }
}
