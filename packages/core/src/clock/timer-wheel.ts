import type { Clock } from './clock.js';

/** Something that falls due on a wheel. */
export interface WheelItem {
  /** Called once, in turn. Must not throw. */
  due(reckoning: Reckoning): void;
}

/** By the wall clock, for dates; or by the monotonic clock, for delays. */
export type Reckoning = 'date' | 'delay';

/** How late an item may come, besides what the process itself is late. */
const TICK_MS = 250;

/** So many items run in one turn of the event loop. The others follow in the next, so that requests get theirs. */
const MOST_PER_TURN = 2_000;

/**
 * Any number of dates and delays with one timer, which runs only while something waits and keeps no process alive. To add
 * and to remove cost the same however many wait. A change of the wall clock moves dates and leaves delays; no date is too
 * far away, because the timer never waits for longer than a tick.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Readonly<Record<Reckoning, Slots>>;
  #cancel: (() => void) | undefined;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#slots = { date: new Slots(clock.now()), delay: new Slots(clock.monotonic()) };
  }

  /** The one wheel of a clock. */
  static of(clock: Clock): TimerWheel {
    const known = wheels.get(clock) ?? new this(clock);
    wheels.set(clock, known);
    return known;
  }

  /** How many items wait. */
  get size(): number {
    return this.#slots.date.size + this.#slots.delay.size;
  }

  /** Adds an item for a date, in milliseconds since the epoch. Returns its slot, for `remove`. */
  at(dateMs: number, item: WheelItem): number {
    return this.#add('date', this.#clock.now(), dateMs, item);
  }

  /** Adds an item for after a delay. Returns its slot, for `remove`. */
  after(delayMs: number, item: WheelItem): number {
    const nowMs = this.#clock.monotonic();
    return this.#add('delay', nowMs, nowMs + delayMs, item);
  }

  remove(reckoning: Reckoning, slot: number, item: WheelItem): void {
    this.#slots[reckoning].remove(slot, item);
    if (this.size > 0 || this.#isRunning) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #add(reckoning: Reckoning, nowMs: number, dueMs: number, item: WheelItem): number {
    // An empty wheel has not turned since it became empty.
    if (this.size === 0) for (const slots of Object.values(this.#slots)) slots.turnTo(this.#time(slots));
    const slot = this.#slots[reckoning].add(nowMs, dueMs, item);
    this.#cancel ??= this.#clock.schedule(TICK_MS, this.#turn);
    return slot;
  }

  readonly #turn = (): void => {
    this.#isRunning = true;
    let left = MOST_PER_TURN;
    // An item with a bug must not stop all others.
    try {
      for (const reckoning of RECKONINGS) {
        const slots = this.#slots[reckoning];
        left = slots.run(this.#time(slots), reckoning, left);
      }
    } finally {
      this.#isRunning = false;
      this.#cancel = this.size === 0 ? undefined : this.#clock.schedule(left > 0 ? TICK_MS : 0, this.#turn);
    }
  };

  #time(slots: Slots): number {
    return slots === this.#slots.date ? this.#clock.now() : this.#clock.monotonic();
  }
}

const RECKONINGS: readonly Reckoning[] = ['date', 'delay'];

const wheels = new WeakMap<Clock, TimerWheel>();

/** Items by the number of the tick at whose end they are due. */
class Slots {
  readonly #bySlot = new Map<number, Set<WheelItem>>();
  /** The last slot that was run completely. */
  #run: number;
  #size = 0;

  constructor(nowMs: number) {
    this.#run = slotBefore(nowMs);
  }

  get size(): number {
    return this.#size;
  }

  add(nowMs: number, dueMs: number, item: WheelItem): number {
    // The wall clock may have been put back since the last turn.
    this.#run = Math.min(this.#run, slotBefore(nowMs));
    const slot = Math.max(Math.ceil(dueMs / TICK_MS), this.#run + 1);
    const items = this.#bySlot.get(slot);
    if (items === undefined) this.#bySlot.set(slot, new Set([item]));
    else items.add(item);
    this.#size += 1;
    return slot;
  }

  remove(slot: number, item: WheelItem): void {
    const items = this.#bySlot.get(slot);
    if (items?.delete(item) !== true) return;
    this.#size -= 1;
    if (items.size === 0) this.#bySlot.delete(slot);
  }

  turnTo(nowMs: number): void {
    this.#run = slotBefore(nowMs);
  }

  /** Runs what is due, at most `most` items. Returns how many more might have run. */
  run(nowMs: number, reckoning: Reckoning, most: number): number {
    const last = slotBefore(nowMs);
    let left = most;
    for (const slot of this.#dueSlots(last)) {
      for (const item of this.#bySlot.get(slot) ?? []) {
        if (left === 0) return 0;
        left -= 1;
        this.remove(slot, item);
        item.due(reckoning);
      }
      this.#run = slot;
    }
    this.#run = last;
    return left;
  }

  /** After a jump of the clock there are far more ticks than slots with items. */
  #dueSlots(last: number): readonly number[] {
    if (last - this.#run > this.#bySlot.size)
      return [...this.#bySlot.keys()].filter((slot) => slot <= last).toSorted((one, other) => one - other);
    return Array.from({ length: Math.max(0, last - this.#run) }, (_, index) => this.#run + 1 + index);
  }
}

/** The last slot whose items are due. */
function slotBefore(nowMs: number): number {
  return Math.floor(nowMs / TICK_MS);
}
