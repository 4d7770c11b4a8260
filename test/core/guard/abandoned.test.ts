import { describe, expect, test } from '@jest/globals';
import { anonymous, concurrencyLimit, every, guard, rateLimit, SecurityChain, some } from '@sallyport/core';
import { type IncomingRequest, SecurityRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await undefined;
};

describe('after the deadline of a decision', () => {
  test.each([
    ['every()', every, true],
    ['some()', some, false],
  ])('no guard of %s is asked any more', async (_name, combine, says) => {
    const asked: string[] = [];
    const note = (name: string) => guard(name, () => asked.push(name) > 0);
    const clock = new ManualClock();
    let release: (isPermitted: boolean) => void = () => {};
    const slow = () =>
      new Promise<boolean>((resolve) => {
        release = resolve;
      });
    const guards = [combine(slow, note('member')), note('next')];
    const chain = new SecurityChain({ requirement: anonymous(), guards, deadlineMs: 1_000 }, { clock });
    const decision = chain.decide(new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] }));
    clock.pass(1.1);
    expect(await decision).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
    release(says);
    await settled();
    expect(asked).toEqual([]);
  });

  test('no limit counts, even where a guard asks it by itself', async () => {
    const clock = new ManualClock();
    const limits = [
      concurrencyLimit({ name: 'at-once', limit: 1 }),
      rateLimit({ name: 'one', limit: 1, windowSeconds: 60 }, { clock }),
    ];
    for (const limit of limits) {
      let release: (() => void) | undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const wrapped = guard('wrapped', async (principal, request) => {
        if (request.path === '/slow') await held;
        return limit.check(principal, request);
      });
      const chain = new SecurityChain({ requirement: anonymous(), guards: [wrapped], deadlineMs: 1_000 }, { clock });
      const ends: (() => void)[] = [];
      const ask = (target: string) => {
        const source: IncomingRequest = { method: 'GET', target, rawHeaders: [], onEnd: (end) => void ends.push(end) };
        return chain.decide(new SecurityRequest(source));
      };
      const late = ask('/slow');
      clock.pass(1.1);
      expect(await late).toMatchObject({ status: 503 });
      release?.();
      await settled();
      expect(ends).toEqual([]);
      expect(await ask('/')).toMatchObject({ kind: 'granted' });
    }
  });
});
