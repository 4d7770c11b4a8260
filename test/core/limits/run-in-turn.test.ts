import { describe, expect, test } from '@jest/globals';
import { runInTurn, Shares, type Turn } from '@sallyport/core/extend';

const STRANGER: Turn = { address: '203.0.113.9', standing: 'stranger' };
const KNOWN: Turn = { address: '198.51.100.7', standing: 'known' };
const OVERLOADED = { code: 'ERR_SALLYPORT_UPSTREAM_OVERLOADED' };

/** A task that ends when it is told to. */
function held(): { task: () => Promise<string>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => {};
  const ended = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve('done') : reject(error));
  });
  return { task: () => ended, end };
}

describe('what is run in turn', () => {
  test('gives its place back once, however it ends', async () => {
    const shares = new Shares({ running: 1, waiting: 1 });
    await expect(runInTurn(shares, STRANGER, async () => 'done')).resolves.toBe('done');
    await expect(runInTurn(shares, STRANGER, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    const thrower = () => {
      throw new Error('at once');
    };
    await expect(runInTurn(shares, STRANGER, thrower)).rejects.toThrow('at once');
    expect([shares.running, shares.waiting]).toEqual([0, 0]);
  });

  test('a place that was waited for goes to somebody known, and what runs goes on', async () => {
    const shares = new Shares({ running: 1, waiting: 1 });
    const { task, end } = held();
    const running = runInTurn(shares, STRANGER, task);
    const waiting = runInTurn(shares, STRANGER, async () => 'never');
    const known = runInTurn(shares, KNOWN, async () => 'known');
    await expect(waiting).rejects.toMatchObject({ ...OVERLOADED, retryAfterSeconds: 1 });
    end();
    await expect(Promise.all([running, known])).resolves.toEqual(['done', 'known']);
  });

  test('an abandoned turn is given up while it waits, and not once it has begun', async () => {
    const shares = new Shares({ running: 1, waiting: 4 });
    const { task, end } = held();
    const gone = new AbortController();
    const abandoned = { ...STRANGER, abandoned: gone.signal };
    const running = runInTurn(shares, abandoned, task);
    const waiting = runInTurn(shares, abandoned, async () => 'never');
    gone.abort();
    await expect(waiting).rejects.toMatchObject(OVERLOADED);
    expect([shares.running, shares.waiting]).toEqual([1, 0]);
    await expect(runInTurn(shares, abandoned, async () => 'never')).rejects.toMatchObject(OVERLOADED);
    end();
    await expect(running).resolves.toBe('done');
    expect(shares.running).toBe(0);
  });

  test('is not begun for one who is not ready', async () => {
    const shares = new Shares({ running: 1, waiting: 4 });
    const { task, end } = held();
    let isReady = false;
    const first = runInTurn(shares, STRANGER, task);
    const busy = runInTurn(shares, { ...STRANGER, isReady: () => isReady }, async () => 'later');
    end();
    await first;
    expect([shares.running, shares.waiting]).toEqual([0, 1]);
    isReady = true;
    await expect(runInTurn(shares, KNOWN, async () => 'known')).resolves.toBe('known');
    await expect(busy).resolves.toBe('later');
  });
});
