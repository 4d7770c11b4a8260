import { describe, expect, test } from '@jest/globals';
import { TimerWheel } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';

/** Takes down when it fell due, by the wall clock. */
class Item {
  readonly at: number[] = [];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  due(): void {
    this.at.push(this.#clock.now());
  }
}

describe('a timer wheel', () => {
  test('has one timer however much waits, and none when nothing does', () => {
    const clock = new ManualClock();
    const wheel = TimerWheel.of(clock);
    const items = Array.from({ length: 1_000 }, () => new Item(clock));
    const slots = items.map((item, index) => wheel.at(clock.now() + 1_000 * index, item));
    expect([wheel.size, clock.waiting]).toEqual([1_000, 1]);
    for (const [index, item] of items.entries()) wheel.remove('date', slots[index] as number, item);
    expect([wheel.size, clock.waiting]).toEqual([0, 0]);
    expect(TimerWheel.of(clock)).toBe(wheel);
  });

  test('calls each item once, never early and at most half a second late', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 50 }), (delays) => {
        const clock = new ManualClock();
        const wheel = TimerWheel.of(clock);
        const startMs = clock.now();
        const items = delays.map((delayMs) => {
          const [dated, delayed] = [new Item(clock), new Item(clock)];
          wheel.at(startMs + delayMs, dated);
          wheel.after(delayMs, delayed);
          return { delayMs, at: [dated.at, delayed.at] };
        });
        clock.pass(21);
        for (const { delayMs, at } of items) {
          for (const [dueMs, ...others] of at) {
            expect(dueMs).toBeGreaterThanOrEqual(startMs + delayMs);
            expect(dueMs).toBeLessThanOrEqual(startMs + delayMs + 500);
            expect(others).toEqual([]);
          }
        }
        expect([wheel.size, clock.waiting]).toEqual([0, 0]);
      }),
      cases(50),
    );
  });

  test('a date farther away than a timer of Node can wait still comes', () => {
    const clock = new ManualClock();
    const item = new Item(clock);
    TimerWheel.of(clock).at(clock.now() + 2 ** 31 * 1_000, item);
    clock.pass(10);
    expect(item.at).toEqual([]);
    clock.set(2 ** 31);
    clock.pass(0.25);
    expect(item.at).toHaveLength(1);
  });

  test('when the wall clock is put forward, dates come and delays do not', () => {
    const clock = new ManualClock();
    const [dated, delayed] = [new Item(clock), new Item(clock)];
    TimerWheel.of(clock).at(clock.now() + 3_600_000, dated);
    TimerWheel.of(clock).after(3_600_000, delayed);
    clock.set(3_600);
    clock.pass(0.25);
    expect([dated.at.length, delayed.at.length]).toEqual([1, 0]);
  });

  test('when the wall clock is put back, dates wait for it and delays do not', () => {
    const clock = new ManualClock();
    const [dated, delayed, late] = [new Item(clock), new Item(clock), new Item(clock)];
    const wheel = TimerWheel.of(clock);
    wheel.at(clock.now() + 10_000, dated);
    wheel.after(10_000, delayed);
    clock.pass(5);
    clock.set(-3_600);
    wheel.at(clock.now() + 1_000, late);
    clock.pass(6);
    expect([dated.at.length, delayed.at.length, late.at.length]).toEqual([0, 1, 1]);
    clock.pass(3_600);
    expect(dated.at).toHaveLength(1);
  });

  test('one that is used again after a pause runs nothing twice and nothing early', () => {
    const clock = new ManualClock();
    const wheel = TimerWheel.of(clock);
    const [first, second] = [new Item(clock), new Item(clock)];
    wheel.after(1_000, first);
    clock.pass(2);
    clock.pass(100_000);
    wheel.after(1_000, second);
    clock.pass(0.75);
    expect([first.at.length, second.at.length]).toEqual([1, 0]);
    clock.pass(0.75);
    expect([first.at.length, second.at.length]).toEqual([1, 1]);
  });

  test('many items of one moment run in several turns, all of them once, and also those that are added meanwhile', () => {
    const clock = new ManualClock();
    const wheel = TimerWheel.of(clock);
    let count = 0;
    const item = () => ({
      due: () => {
        count += 1;
        if (count === 1) wheel.after(0, item());
      },
    });
    for (let index = 0; index < 5_000; index += 1) wheel.after(1_000, item());
    const turns: number[] = [];
    const { schedule } = clock;
    clock.schedule = (delayMs, run) =>
      schedule.call(clock, delayMs, () => {
        const before = count;
        run();
        turns.push(count - before);
      });
    clock.pass(2);
    expect(count).toBe(5_001);
    expect(Math.max(...turns)).toBeLessThanOrEqual(2_000);
  });
});
