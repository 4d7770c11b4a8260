import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

type Points = readonly (readonly [number, number])[];

/** The benches are scripts without types. */
let fit: {
  exponentOf(points: Points): number;
  dearestStep(points: Points): number;
  dearestOfRounds(rounds: readonly Points[]): number;
};

beforeAll(async () => {
  fit = await import(join(__dirname, '../../bench/growth/fit.js'));
});

const curve = (costOf: (number: number) => number): Points =>
  [1, 10, 100, 1_000].map((number) => [number, costOf(number)]);

describe('the exponent of a curve', () => {
  test.each([
    ['0 for a cost that stays the same', 0, () => 7],
    ['1 for linear growth', 1, (number: number) => 3 * number],
    ['2 for quadratic growth', 2, (number: number) => 0.5 * number ** 2],
  ] as const)('is %s', (_, exponent, costOf) => {
    expect(fit.exponentOf(curve(costOf))).toBeCloseTo(exponent, 10);
  });

  test('is that of the points which are above zero', () => {
    expect(fit.exponentOf([[0, 5], [1, -2], ...curve((number) => number)])).toBeCloseTo(1, 10);
    expect(fit.exponentOf([[0, 5]])).toBe(0);
  });
});

test('the dearest step is what one more costs where it costs most', () => {
  const points: Points = [
    [1, 10],
    [3, 14],
    [10, 84],
    [30, 104],
  ];
  expect(fit.dearestStep(points)).toBe(10);
});

test('the dearest step of rounds is a median: a round that was disturbed does not count', () => {
  const round = (second: number): Points => [
    [1, 10],
    [2, second],
    [4, second + 2],
  ];
  expect(fit.dearestOfRounds([round(13), round(90), round(14)])).toBe(4);
});
