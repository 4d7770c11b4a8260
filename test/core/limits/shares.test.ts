import { describe, expect, test } from '@jest/globals';
import { type Applicant, Shares, type SharesOptions, type Standing } from '@sallyport/core/extend';
import fc from 'fast-check';
import { networksOf } from '../../../packages/core/src/limits/network.js';
import { cases } from '../../support/random-cases.js';

/** Somebody who asks for a place, and what becomes of it. */
class Visitor implements Applicant {
  readonly address: string | undefined;
  readonly standing: Standing;
  /** To one network being good before is worth a part of the places only. */
  countsAs: Standing = 'stranger';
  isReady = true;
  starts = 0;
  displacements = 0;
  wasRefused = false;

  constructor(address: string | undefined, standing: Standing = 'stranger') {
    this.address = address;
    this.standing = standing;
  }

  get isRunning(): boolean {
    return this.starts > 0;
  }

  start(): void {
    this.starts += 1;
  }

  displace(): void {
    this.displacements += 1;
  }
}

/** A building and everybody who is in it. */
class House {
  readonly shares: Shares;
  readonly inside: Visitor[] = [];
  readonly #places: number;

  constructor(options: SharesOptions) {
    this.shares = new Shares(options);
    this.#places = options.running + options.waiting;
  }

  enter(address: string | undefined, standing?: Standing): Visitor {
    const visitor = new Visitor(address, standing);
    visitor.countsAs = this.#countsAs(visitor);
    this.inside.push(visitor);
    visitor.wasRefused = !this.shares.enter(visitor);
    const gone = this.inside.filter(({ wasRefused, displacements }) => wasRefused || displacements > 0);
    for (const one of gone) this.#forget(one);
    return visitor;
  }

  leave(visitor: Visitor): void {
    this.#forget(visitor);
    this.shares.leave(visitor);
  }

  get waiting(): Visitor[] {
    return this.inside.filter(({ isRunning }) => !isRunning);
  }

  get running(): Visitor[] {
    return this.inside.filter(({ isRunning }) => isRunning);
  }

  #countsAs(visitor: Visitor): Standing {
    const { standing } = visitor;
    const worth = { stranger: 0, neighbour: this.#places / 4, known: this.#places / 2 }[standing];
    const alike = this.inside.filter((other) => widest(other) === widest(visitor) && other.countsAs === standing);
    return visitor.address === undefined || alike.length < worth ? standing : 'stranger';
  }

  #forget(visitor: Visitor): void {
    const index = this.inside.indexOf(visitor);
    if (index !== -1) this.inside.splice(index, 1);
  }
}

const ATTACKER = '203.0.113.9';
const CLEAN = '198.51.100.7';

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const SHAPES_OF_ONE_PARTY: [string, (index: number) => string][] = [
  ['a /64 for each request, of one /48', (index: number) => `2001:db8:1:${index.toString(16)}::1`],
  ['a /64 for each request, of one /32', (index: number) => `2001:db8:${index.toString(16)}:1::1`],
  ['an address for each request, of one /24', (index: number) => `203.0.113.${index}`],
];

describe('places are shared by networks', () => {
  test('one network that takes every place gives the newest of them up for another network', () => {
    const house = new House({ running: 1, waiting: 8 });
    const flood = times(20, () => house.enter(ATTACKER));
    const other = house.enter(CLEAN);
    expect(other.wasRefused).toBe(false);
    expect(flood.filter(({ displacements }) => displacements > 0)).toEqual([flood[8]]);
  });

  test('waiting networks are served in turn, however much one of them waits for', () => {
    const house = new House({ running: 1, waiting: 64 });
    const flood = times(30, () => house.enter(ATTACKER));
    const others = times(3, (index) => house.enter(`198.51.${index}.7`));
    for (let turn = 0; turn < 4; turn += 1) house.leave(house.running[0] as Visitor);
    expect(others.every(({ isRunning }) => isRunning)).toBe(true);
    expect(flood.filter(({ isRunning }) => isRunning)).toHaveLength(2);
  });

  test.each(SHAPES_OF_ONE_PARTY)('%s is one party', (_, address) => {
    const house = new House({ running: 1, waiting: 16 });
    times(100, (index) => house.enter(address(index)));
    const others = times(4, (index) => house.enter(`198.51.${index}.7`));
    expect(others.map(({ wasRefused }) => wasRefused)).toEqual([false, false, false, false]);
    for (let turn = 0; turn < 5; turn += 1) house.leave(house.running[0] as Visitor);
    expect(others.every(({ isRunning }) => isRunning)).toBe(true);
  });

  test('a network that runs less goes before one whose turn is longer ago', () => {
    const house = new House({ running: 4, waiting: 16 });
    times(5, () => house.enter(ATTACKER));
    const other = house.enter('192.0.2.1');
    house.leave(house.running[0] as Visitor);
    expect(other.isRunning).toBe(true);
    const third = house.enter(CLEAN);
    house.leave(other);
    expect(third.isRunning).toBe(true);
  });

  test('of those who wait, one who was good before goes before a stranger who came earlier', () => {
    const house = new House({ running: 1, waiting: 8 });
    const first = house.enter(ATTACKER);
    const [stranger, known] = [house.enter(CLEAN), house.enter('192.0.2.1', 'known')];
    house.leave(first);
    expect([known.isRunning, stranger.isRunning]).toEqual([true, false]);
  });

  test('one who was good before loses no place, not even to another one', () => {
    const house = new House({ running: 1, waiting: 4 });
    const first = times(3, () => house.enter(ATTACKER, 'known'));
    const second = times(2, () => house.enter(CLEAN, 'known'));
    expect(house.enter('192.0.2.1', 'known').wasRefused).toBe(true);
    expect([...first, ...second].map(({ displacements }) => displacements)).toEqual([0, 0, 0, 0, 0]);
  });

  test('whoever is not ready lets others of its network go first', () => {
    const house = new House({ running: 1, waiting: 4 });
    const first = house.enter(CLEAN);
    const [busy, free] = [house.enter(CLEAN), house.enter(CLEAN)];
    busy.isReady = false;
    house.leave(first);
    expect([busy.isRunning, free.isRunning]).toEqual([false, true]);
  });

  test('callers without an address are one network, and may all be known', () => {
    const house = new House({ running: 1, waiting: 8 });
    times(20, () => house.enter(undefined));
    const known = times(8, () => house.enter(undefined, 'known'));
    expect(known.some(({ wasRefused }) => wasRefused)).toBe(false);
    expect(house.enter(undefined, 'known').wasRefused).toBe(true);
  });

  test('a single network leaves places for others to run on, and strangers leave some to those who are known', () => {
    const house = new House({ running: 16, waiting: 64 });
    times(40, () => house.enter(ATTACKER));
    expect(house.running).toHaveLength(12);
    times(4, () => house.enter(CLEAN));
    expect(house.running).toHaveLength(14);
    times(4, () => house.enter(CLEAN, 'known'));
    expect(house.running).toHaveLength(16);
  });

  test.each(SHAPES_OF_ONE_PARTY)('%s leaves others places to run on, as a single address does', (_, address) => {
    const house = new House({ running: 16, waiting: 64 });
    times(40, (index) => house.enter(address(index)));
    expect(house.running).toHaveLength(12);
    expect(house.enter(CLEAN).isRunning).toBe(true);
  });

  test('where what runs can be interrupted, a stranger that runs gives its place up as well', () => {
    const house = new House({ running: 4, waiting: 0, isInterruptible: true });
    const flood = times(4, () => house.enter(ATTACKER));
    const known = house.enter(CLEAN, 'known');
    expect([known.isRunning, flood[3]?.displacements]).toEqual([true, 1]);
    const other = house.enter(CLEAN);
    expect([other.isRunning, flood[2]?.displacements]).toEqual([true, 1]);
    expect(house.enter(ATTACKER).wasRefused).toBe(true);
  });

  test('strangers are not forgotten where those who were good before never stop coming', () => {
    const house = new House({ running: 1, waiting: 16 });
    const stranger = house.enter(CLEAN);
    times(6, () => house.enter(ATTACKER, 'known'));
    house.leave(stranger);
    const next = house.enter(CLEAN);
    for (let turn = 0; turn < 8 && !next.isRunning; turn += 1) {
      house.leave(house.running[0] as Visitor);
      house.enter(ATTACKER, 'known');
    }
    expect(next.isRunning).toBe(true);
  });

  test('to one network being good before is worth a part of the places: beyond it loses them like others', () => {
    const house = new House({ running: 1, waiting: 11 });
    times(30, () => house.enter(ATTACKER, 'neighbour'));
    times(30, () => house.enter(ATTACKER, 'known'));
    const others = times(2, (index) => house.enter(`198.51.${index}.7`));
    expect(others.map(({ wasRefused }) => wasRefused)).toEqual([false, false]);
  });
});

test('known callers with a fresh /64 each are one party: they leave places to others', () => {
  const house = new House({ running: 1, waiting: 11 });
  times(40, (index) => house.enter(`2001:db8:1:${index.toString(16)}::1`, 'known'));
  expect(house.enter(CLEAN, 'known').wasRefused).toBe(false);
  expect(house.enter('192.0.2.1').wasRefused).toBe(false);
});

/** Addresses of few networks, at several widths. */
const ADDRESSES = [
  undefined,
  ...['192.0.2.1', '192.0.2.2', '198.51.100.1', '203.0.113.1'],
  ...['2001:db8:0:1::1', '2001:db8:0:2::1', '2001:db8:1:1::1', '2001:db9::1'],
];
const STANDINGS: readonly Standing[] = ['stranger', 'neighbour', 'known'];

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ address: fc.constantFrom(...ADDRESSES), standing: fc.constantFrom(...STANDINGS) }),
  },
  { weight: 2, arbitrary: fc.record({ leaves: fc.nat(40) }) },
);
const sizes = fc.record({ running: fc.integer({ min: 1, max: 20 }), waiting: fc.integer({ min: 0, max: 12 }) });
const options = fc.oneof(
  sizes,
  sizes.map(({ running }) => ({ running, waiting: 0, isInterruptible: true })),
);

/** Runs random histories, and asks `check` after every arrival. */
function always(check: (house: House, arrival: Visitor, before: readonly Visitor[], options: SharesOptions) => void) {
  fc.assert(
    fc.property(options, fc.array(step, { maxLength: 120 }), (given, steps) => {
      const house = new House(given);
      for (const one of steps) {
        const before = [...house.inside];
        if ('leaves' in one) {
          const visitor = house.inside[one.leaves % Math.max(1, house.inside.length)];
          if (visitor !== undefined) house.leave(visitor);
        } else check(house, house.enter(one.address, one.standing), before, given);
      }
      for (const visitor of [...house.inside]) house.leave(visitor);
      expect([house.shares.running, house.shares.waiting]).toEqual([0, 0]);
    }),
    cases(400),
  );
}

function rank({ countsAs }: Visitor): number {
  return STANDINGS.indexOf(countsAs);
}

function widest(visitor: Visitor): string {
  return networksOf(visitor.address)[0];
}

describe('in every history', () => {
  test('no more run or wait than there are places, and all places return', () => {
    always((house, _arrival, _before, { running, waiting }) => {
      expect(house.shares.running).toBe(house.running.length);
      expect(house.shares.waiting).toBe(house.waiting.length);
      expect(house.running.length).toBeLessThanOrEqual(running);
      expect(house.waiting.length).toBeLessThanOrEqual(waiting);
    });
  });

  test('each starts once at most, one at most is displaced by an arrival, and never one who runs to its end', () => {
    always((house, arrival, before, { isInterruptible }) => {
      const lost = before.filter(({ displacements }) => displacements > 0);
      expect(lost.length).toBeLessThanOrEqual(1);
      if (lost.length > 0) expect(arrival.wasRefused).toBe(false);
      expect([...before, ...house.inside].every(({ starts }) => starts <= 1)).toBe(true);
      if (isInterruptible !== true) expect(lost.every(({ starts }) => starts === 0)).toBe(true);
    });
  });

  test('a known caller is let in wherever somebody less known waits', () => {
    always((_house, arrival, before, { isInterruptible }) => {
      const takeable = before.filter((other) => isInterruptible === true || !other.isRunning);
      const isBetterKnown = takeable.some((other) => other.countsAs !== 'known');
      if (arrival.countsAs === 'known' && isBetterKnown) expect(arrival.wasRefused).toBe(false);
    });
  });

  test('nobody loses a place to somebody less known, and nobody known loses one', () => {
    always((_house, arrival, before) => {
      const lost = before.find(({ displacements }) => displacements > 0);
      if (lost === undefined) return;
      expect(rank(lost)).toBeLessThanOrEqual(rank(arrival));
      expect(lost.countsAs).not.toBe('known');
    });
  });

  test('a stranger is refused only where no network of strangers that waits holds more than its own', () => {
    always((_house, arrival, before, { isInterruptible }) => {
      if (!arrival.wasRefused || arrival.countsAs !== 'stranger') return;
      const strangers = before.filter(({ countsAs }) => countsAs === 'stranger');
      const held = (network: string) => strangers.filter((other) => widest(other) === network).length;
      const takeable = strangers.filter((other) => isInterruptible === true || !other.isRunning);
      const most = Math.max(0, ...takeable.map((other) => held(widest(other))));
      expect(most).toBeLessThanOrEqual(held(widest(arrival)) + 1);
    });
  });

  test('no place to run on stays empty while somebody known waits', () => {
    always((house, _arrival, _before, { running }) => {
      if (house.waiting.some(({ countsAs }) => countsAs === 'known')) expect(house.running).toHaveLength(running);
    });
  });
});
