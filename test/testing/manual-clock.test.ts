import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';

describe('a manual clock', () => {
  test('stands still until it is told to go on', async () => {
    const clock = new ManualClock(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 5_000]);
    clock.pass(1.5);
    expect([clock.now(), clock.monotonic()]).toEqual([2_500, 6_500]);
  });

  test('runs what falls due in the order of time, each at its own moment', () => {
    const clock = new ManualClock(0);
    const ran: [string, number][] = [];
    for (const [name, delayMs] of [
      ['late', 900],
      ['early', 100],
      ['never', 5_000],
    ] as const) {
      clock.schedule(delayMs, () => ran.push([name, clock.now()]));
    }
    clock.pass(1);
    expect(ran).toEqual([
      ['early', 100],
      ['late', 900],
    ]);
    expect([clock.now(), clock.waiting]).toEqual([1_000, 1]);
  });

  test('runs what a task schedules, when that falls due within the same step', () => {
    const clock = new ManualClock(0);
    const beats: number[] = [];
    const beat = () => {
      beats.push(clock.now());
      clock.schedule(400, beat);
    };
    clock.schedule(400, beat);
    clock.pass(1);
    expect(beats).toEqual([400, 800]);
  });

  test('forgets what was cancelled', () => {
    const clock = new ManualClock();
    const cancel = clock.schedule(10, () => {
      throw new Error('cancelled');
    });
    cancel();
    clock.pass(1);
    expect(clock.waiting).toBe(0);
  });

  test('setting the time of day moves no deadline', () => {
    const clock = new ManualClock(0);
    let ran = false;
    clock.schedule(1_000, () => {
      ran = true;
    });
    clock.set(3_600);
    expect([clock.now(), clock.monotonic(), ran]).toEqual([3_600_000, 5_000, false]);
  });
});
