import type { Clock } from '../../clock/clock.js';
import type { Tally } from './tally.js';

/** How a limit measures time. Amounts are whole numbers, times milliseconds. */
export interface Window {
  /** How long the store has to remember a count, in seconds. */
  readonly keptSeconds: number;
  /** On the clock that ends the windows of this kind. */
  nowMs(): number;
  /** Whether nothing of the tally counts any more. */
  isOver(tally: Tally): boolean;
  /** Begins the window that the present belongs to, if it is another than that of the tally; false if it is the same. */
  turn(tally: Tally): boolean;
  /** What the store calls the count of the present window. */
  nameOf(key: string, tally: Tally): string;
  /** What the store calls the count of the window before; undefined where that does not count. */
  nameBefore(key: string, tally: Tally): string | undefined;
  /** What counts of the window before. */
  carried(before: number, tally: Tally): number;
  /** How long until something that costs `cost` fits into `most`, if nothing else comes. */
  waitMs(use: { count: number; before: number; cost: number; most: number }, tally: Tally): number;
  /**
   * Takes over the end of the window as the store knows it. False if the answer is about a window that is over: when it was
   * asked for, the window of the tally ended at `askedEndsAtMs`.
   */
  follow(tally: Tally, endsAtMs: number, askedEndsAtMs: number): boolean;
}

/** The window of a key begins with its first request that is counted. */
export class FixedWindow implements Window {
  readonly keptSeconds: number;
  readonly #windowMs: number;
  readonly #clock: Clock;

  constructor(windowSeconds: number, clock: Clock) {
    this.keptSeconds = windowSeconds;
    this.#windowMs = windowSeconds * 1_000;
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.monotonic();
  }

  isOver(tally: Tally): boolean {
    return this.nowMs() >= tally.endsAtMs;
  }

  turn(tally: Tally): boolean {
    const nowMs = this.nowMs();
    if (nowMs < tally.endsAtMs) return false;
    begin(tally, nowMs + this.#windowMs);
    return true;
  }

  nameOf(key: string): string {
    return key;
  }

  nameBefore(): undefined {
    return undefined;
  }

  carried(): number {
    return 0;
  }

  waitMs(_use: object, tally: Tally): number {
    return tally.endsAtMs - this.nowMs();
  }

  /** Latency makes ends differ a little; those of two windows differ by a window at least. */
  follow(tally: Tally, endsAtMs: number): boolean {
    if (endsAtMs > tally.endsAtMs + this.#windowMs / 2) begin(tally, endsAtMs);
    else tally.endsAtMs = Math.min(tally.endsAtMs, endsAtMs);
    return true;
  }
}

/**
 * Windows stand on the clock of the day, so that all processes have the same. What was used in the window before counts by
 * the part of it that the sliding window still covers, rounded down.
 */
export class SlidingWindow implements Window {
  readonly keptSeconds: number;
  readonly #windowMs: number;
  readonly #clock: Clock;
  readonly #isShared: boolean;

  constructor(windowSeconds: number, clock: Clock, isShared: boolean) {
    this.keptSeconds = 2 * windowSeconds;
    this.#windowMs = windowSeconds * 1_000;
    this.#clock = clock;
    this.#isShared = isShared;
  }

  nowMs(): number {
    return this.#clock.now();
  }

  isOver(tally: Tally): boolean {
    return this.nowMs() >= tally.endsAtMs + this.#windowMs;
  }

  turn(tally: Tally): boolean {
    const nowMs = this.nowMs();
    // Clocks of the day may be set back: then another window begins, too.
    if (nowMs < tally.endsAtMs && nowMs >= tally.endsAtMs - this.#windowMs) return false;
    const isNext = nowMs < tally.endsAtMs + this.#windowMs;
    const { count, own } = tally;
    begin(tally, (Math.floor(nowMs / this.#windowMs) + 1) * this.#windowMs);
    tally.ownBefore = isNext ? own : 0;
    tally.before = this.#isShared ? undefined : isNext ? count : 0;
    return true;
  }

  nameOf(key: string, tally: Tally): string {
    return `${key}:${this.#number(tally)}`;
  }

  nameBefore(key: string, tally: Tally): string {
    return `${key}:${this.#number(tally) - 1}`;
  }

  carried(before: number, tally: Tally): number {
    return Math.floor(before * Math.min(1, Math.max(0, (tally.endsAtMs - this.nowMs()) / this.#windowMs)));
  }

  waitMs(
    { count, before, cost, most }: { count: number; before: number; cost: number; most: number },
    tally: Tally,
  ): number {
    const leftMs = Math.max(0, tally.endsAtMs - this.nowMs());
    const room = most - count - cost;
    // Above `room + 1`, what is carried is too much; it falls evenly with the time that is left.
    if (room >= 0) return Math.max(0, leftMs - this.#leftAt(room, before));
    return leftMs + this.#windowMs - this.#leftAt(most - cost, count);
  }

  follow(tally: Tally, _endsAtMs: number, askedEndsAtMs: number): boolean {
    return tally.endsAtMs === askedEndsAtMs;
  }

  /** How much of a window is left when no more than `room` is carried of `before`. */
  #leftAt(room: number, before: number): number {
    return before <= Math.max(0, room) ? this.#windowMs : (this.#windowMs * (room + 1)) / before - 1;
  }

  #number(tally: Tally): number {
    return Math.round(tally.endsAtMs / this.#windowMs) - 1;
  }
}

function begin(tally: Tally, endsAtMs: number): void {
  tally.endsAtMs = endsAtMs;
  tally.count = 0;
  tally.own = 0;
  tally.unsent = 0;
}
