import { describe, expect, test } from '@jest/globals';
import { within } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

const TOO_LATE = 'too late';

function waiting(tooLate: () => string = () => TOO_LATE) {
  const clock = new ManualClock();
  let resolve: (value: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const pending = new Promise<string>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { clock, resolve, reject, answer: within({ clock, timeoutMs: 1_000 }, pending, tooLate) };
}

describe('within', () => {
  test('a value that comes in time is the answer, and nothing is left to ring', async () => {
    const { clock, resolve, answer } = waiting();
    clock.pass(0.999);
    resolve('in time');
    expect(await answer).toBe('in time');
    expect(clock.waiting).toBe(0);
  });

  test('a failure in time is passed on', async () => {
    const { reject, answer } = waiting();
    reject(new Error('broken'));
    await expect(answer).rejects.toThrow('broken');
  });

  test('what comes later is ignored, a failure too', async () => {
    const { clock, reject, answer } = waiting();
    clock.pass(1);
    reject(new Error('broken'));
    expect(await answer).toBe(TOO_LATE);
  });

  test('what is thrown instead of an answer rejects', async () => {
    const { clock, answer } = waiting(() => {
      throw new Error('not in time');
    });
    clock.pass(1);
    await expect(answer).rejects.toThrow('not in time');
  });
});
