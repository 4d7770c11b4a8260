import { describe, expect, test } from '@jest/globals';
import { compared, type Verdict } from './mcp/comparison.js';

type Statuses = Readonly<Record<string, boolean>>;

const verdict = (statuses: Statuses, isFinished?: boolean): Verdict => ({
  checks: new Map(Object.entries(statuses).map(([id, isGood]) => [id, { isGood, text: `${id} is told` }])),
  refusals: [],
  ...(isFinished !== undefined && { isFinished }),
});
const one = (given: Verdict) => new Map([['scenario', given]]);

/** What is wrong with the only scenario. */
function wrongWith(
  without: Verdict,
  withUs: Verdict,
  known: Readonly<Record<string, string>> = {},
): string | undefined {
  return compared(one(without), one(withUs), known)[0]?.wrong;
}

describe('the comparison of a suite without us and with us', () => {
  test('a check that passes without us and fails with us is a breach', () => {
    const wrong = 'breach: a passes without us, and with us: a is told';
    expect(wrongWith(verdict({ a: true, b: true }), verdict({ a: false, b: true }))).toBe(wrong);
  });

  test('a check that is not reached with us is a breach', () => {
    expect(wrongWith(verdict({ a: true }), verdict({}))).toContain('was not reached');
  });

  test('a client that gives up only with us is a breach', () => {
    expect(wrongWith(verdict({ a: true }, true), verdict({ a: true }, false))).toContain('the client gave up');
    expect(wrongWith(verdict({ a: true }, false), verdict({ a: true }, false))).toBe('');
  });

  test('a scenario that does not run with us is a breach', () => {
    expect(compared(one(verdict({ a: true })), new Map(), {})).toEqual([
      { name: 'scenario', wrong: 'did not run with us' },
    ]);
  });

  test('a scenario that fails without us has to be known to fail, and its good checks still count', () => {
    const failing = verdict({ a: true, b: false });
    expect(wrongWith(failing, failing)).toBe('fails without us, too: b: b is told');
    expect(wrongWith(failing, failing, { scenario: 'why' })).toBe('');
    expect(wrongWith(failing, verdict({ a: false, b: false }), { scenario: 'why' })).toContain('breach: a');
  });

  test('what is known to fail and passes, or does not exist, is taken off the list', () => {
    const passing = verdict({ a: true });
    expect(wrongWith(passing, passing, { scenario: 'why' })).toContain('take it off the list');
    expect(compared(one(passing), one(passing), { gone: 'why' })[1]?.wrong).toContain('has no such scenario');
  });
});
