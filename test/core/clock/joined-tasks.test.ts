import { describe, expect, test } from '@jest/globals';
import { JoinedTasks } from '@sallyport/core/extend';

function task() {
  let finish: (value: string) => void = () => {};
  let wasAbandoned = false;
  const run = (abandoned: AbortSignal) => {
    abandoned.addEventListener('abort', () => {
      wasAbandoned = true;
    });
    return new Promise<string>((resolve) => {
      finish = resolve;
    });
  };
  return { run, finish: (value: string) => finish(value), wasAbandoned: () => wasAbandoned };
}

const never = () => Promise.reject(new Error('begun twice'));

describe('JoinedTasks', () => {
  test('who asks for the same gets the same answer, and the next one begins anew', async () => {
    const tasks = new JoinedTasks<string>();
    const first = task();
    const answers = [tasks.join('a', undefined, first.run), tasks.join('a', undefined, never)];
    expect([tasks.has('a'), tasks.has('b'), tasks.isEmpty]).toEqual([true, false, false]);
    first.finish('done');
    expect(await Promise.all(answers)).toEqual(['done', 'done']);
    expect(tasks.isEmpty).toBe(true);
  });

  test('the first to go takes nobody along; the last one ends it, and waits for its end', async () => {
    const tasks = new JoinedTasks<string>();
    const only = task();
    const [one, two] = [new AbortController(), new AbortController()];
    const left = tasks.join('a', one.signal, only.run, () => new Error('gone'));
    const last = tasks.join('a', two.signal, never, () => new Error('gone'));
    one.abort();
    await expect(left).rejects.toThrow('gone');
    expect([only.wasAbandoned(), tasks.has('a')]).toEqual([false, true]);
    two.abort();
    expect([only.wasAbandoned(), tasks.has('a')]).toEqual([true, false]);
    only.finish('too late');
    expect(await last).toBe('too late');
  });

  test('who goes waits on where nothing else is said', async () => {
    const tasks = new JoinedTasks<string>();
    const only = task();
    const gone = new AbortController();
    const answers = [tasks.join('a', gone.signal, only.run), tasks.join('a', undefined, never)];
    gone.abort();
    only.finish('done');
    expect(await Promise.all(answers)).toEqual(['done', 'done']);
  });
});
