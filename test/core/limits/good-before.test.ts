import { describe, expect, test } from '@jest/globals';
import { GoodBefore } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

const HOME = '198.51.100.7';

describe.each([true, false])('who was good before, with credentials that are secret: %s', (areSecret) => {
  test('a credential is known wherever it comes from, and others of its network are neighbours', () => {
    const good = new GoodBefore({ areSecret }, new ManualClock());
    good.note('token', HOME);
    expect(good.standingOf('token', '203.0.113.9')).toBe('known');
    expect(good.standingOf('other', `::ffff:${HOME}`)).toBe('neighbour');
    expect(good.standingOf('other', '203.0.113.9')).toBe('stranger');
  });

  test('nobody is a neighbour of those who come without an address', () => {
    const good = new GoodBefore({ areSecret }, new ManualClock());
    good.note('token', undefined);
    expect(good.standingOf('token', undefined)).toBe('known');
    expect(good.standingOf('other', undefined)).toBe('stranger');
  });

  test('is forgotten at the end of a life that the last proof began', () => {
    const clock = new ManualClock();
    const good = new GoodBefore({ areSecret, lifeSeconds: 60 }, clock);
    good.note('token', HOME);
    clock.pass(59);
    good.note('token', HOME);
    clock.pass(59);
    expect(good.standingOf('token', undefined)).toBe('known');
    clock.pass(1);
    expect(good.standingOf('token', HOME)).toBe('stranger');
  });

  test('counts from when a credential was good, also where that is told later', () => {
    const clock = new ManualClock();
    const good = new GoodBefore({ areSecret, lifeSeconds: 600 }, clock);
    const beganMs = clock.monotonic();
    clock.pass(500);
    good.noteCredential('token', beganMs);
    expect(good.standingOf('token', HOME)).toBe('known');
    clock.pass(160);
    expect(good.standingOf('token', HOME)).toBe('stranger');
  });

  test('and comes again is not pushed out by any number of others who were good once', () => {
    const clock = new ManualClock();
    const good = new GoodBefore({ areSecret, maxEntries: 20 }, clock);
    good.note('regular', HOME);
    clock.pass(60);
    good.note('regular', HOME);
    for (let index = 0; index < 1_000; index += 1) good.note(`fresh ${index}`, `2001:db8:${index.toString(16)}::1`);
    expect(good.standingOf('regular', undefined)).toBe('known');
    expect(good.standingOf('other', HOME)).toBe('neighbour');
    expect(good.size).toBe(22);
  });

  test('asking about others pushes nobody out, and of those who were good the one of longest ago goes first', () => {
    const good = new GoodBefore({ areSecret, maxEntries: 4 }, new ManualClock());
    good.note('first', HOME);
    good.note('second', '198.51.100.8');
    for (let index = 0; index < 1_000; index += 1) good.standingOf(`junk ${index}`, `203.0.113.${index % 256}`);
    expect(good.standingOf('first', undefined)).toBe('known');
    good.note('first', HOME);
    good.note('third', '198.51.100.9');
    expect(good.size).toBe(4);
    expect(['first', 'second', 'third'].map((name) => good.standingOf(name, undefined))).toEqual([
      'known',
      'stranger',
      'known',
    ]);
  });

  test('of a crowd that was good once, the latest are known, and never more than there are places', () => {
    const good = new GoodBefore({ areSecret, maxEntries: 200 }, new ManualClock());
    const sizes = new Set<number>();
    for (let index = 0; index < 1_000; index += 1) {
      good.note(`fresh ${index}`, undefined);
      if (index >= 100) sizes.add(good.size);
    }
    expect([...sizes].sort((one, other) => one - other)).toEqual([98, 99, 100]);
    const isKnown = (index: number) => good.standingOf(`fresh ${index}`, undefined) === 'known';
    expect(Array.from({ length: 98 }, (_, place) => isKnown(902 + place))).not.toContain(false);
    expect(isKnown(899)).toBe(false);
  });
});
