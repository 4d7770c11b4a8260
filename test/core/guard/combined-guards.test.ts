import { describe, expect, test } from '@jest/globals';
import {
  createPrincipal,
  every,
  forbidden,
  type Guard,
  type GuardFunction,
  type GuardLike,
  guard,
  limited,
  SecurityChain,
  some,
  unavailable,
} from '@sallyport/core';
import { ABSTAINED, PERMITTED } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';
import { bearer } from '../chain/scripted-handlers.js';

const request = buildRequest();
const TOKEN = { bearer: 'token' };

function check({ check }: Guard) {
  return check(createPrincipal({ subject: 'alice' }), request);
}

function chainOf(...guards: readonly GuardLike[]): SecurityChain {
  return new SecurityChain({ requirement: bearer(), guards });
}

const no = forbidden('no');
const later = forbidden('later');
const down = unavailable('down');

type Answers = readonly (boolean | ReturnType<GuardFunction>)[];

describe('every and some', () => {
  const rows: readonly (readonly [string, Answers, unknown, unknown])[] = [
    ['one permits', [true], PERMITTED, PERMITTED],
    ['all permit', [true, true], PERMITTED, PERMITTED],
    ['one refuses first', [no, true], no, PERMITTED],
    ['one refuses last', [true, no], no, PERMITTED],
    ['two refuse', [no, later], no, no],
    ['all abstain', [ABSTAINED, ABSTAINED], ABSTAINED, ABSTAINED],
    ['one abstains, one permits', [ABSTAINED, true], PERMITTED, PERMITTED],
    ['one permits, one abstains', [true, ABSTAINED], PERMITTED, PERMITTED],
    ['one abstains, one refuses', [ABSTAINED, no], no, no],
    ['one refuses, one abstains', [no, ABSTAINED], no, no],
    ['an outage before a refusal', [down, no], down, down],
    ['a refusal before an outage', [no, down], no, down],
    ['an outage and a permission', [down, true], down, PERMITTED],
    ['a permission and an outage', [true, down], down, PERMITTED],
    [
      'a limit and a permission',
      [limited({ retryAfterSeconds: 1 }), true],
      limited({ retryAfterSeconds: 1 }),
      PERMITTED,
    ],
  ];

  const guardsOf = (answers: Answers, isLater: boolean) =>
    answers.map((answer): GuardFunction => (isLater ? async () => answer : () => answer));

  test.each(rows)('%s', async (_what, answers, ofEvery, ofSome) => {
    for (const isLater of [false, true]) {
      const guards = guardsOf(answers, isLater);
      expect(await check(every(...guards))).toEqual(ofEvery);
      expect(await check(some(...guards))).toEqual(ofSome);
    }
  });

  test('every asks nobody after a refusal, some nobody after a permission', async () => {
    const forgotten = () => {
      throw new Error('asked');
    };
    expect(await check(every(() => no, forgotten))).toEqual(no);
    expect(await check(some(() => true, forgotten))).toEqual(PERMITTED);
  });

  test('can be nested, and tell by name what they are made of', async () => {
    const tree = every(
      guard('a', () => true),
      some(
        guard('b', () => false),
        guard('c', () => true),
      ),
    );
    expect(await check(tree)).toEqual(PERMITTED);
    expect(tree.name).toBe('every(a, some(b, c))');
  });

  test('all abstaining denies', async () => {
    expect(await ask(chainOf(some(() => ABSTAINED)), '/', TOKEN)).toMatchObject({
      status: 403,
      reason: 'all_guards_abstained',
    });
  });
});
