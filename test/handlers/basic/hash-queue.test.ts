import { describe, expect, jest, test } from '@jest/globals';
import type { SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { InMemoryUserStore } from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import {
  type HashClient,
  HashQueue,
  type HashQueueOptions,
} from '../../../packages/handlers/src/basic/passwords/hash-queue.js';
import { accountOf, BasicUnderTest, denied, headerOf } from './basic-fixture.js';

const ALICE: HashClient = { user: 'alice', address: '192.0.2.1', standing: 'stranger' };
const turns = () => new Promise(setImmediate);

/** A queue whose tasks end when the test says so. */
class QueueUnderTest {
  readonly clock = new ManualClock();
  readonly queue: HashQueue;
  readonly started: string[] = [];
  /** What became of each task: its name, or the reason of its refusal. */
  readonly ended: string[] = [];
  readonly #running = new Map<string, () => void>();

  constructor(options: HashQueueOptions) {
    this.queue = new HashQueue(options, this.clock);
  }

  /** A task for a user; `alice 1` and `alice 2` are of one user. */
  add(name: string, abandoned?: AbortSignal): void {
    const task = () => {
      this.started.push(name);
      return new Promise<string>((resolve) => this.#running.set(name, () => resolve(name)));
    };
    const user = name.split(' ')[0] as string;
    this.queue.run({ user, address: '192.0.2.1', standing: 'stranger', abandoned }, task).then(
      (value) => this.ended.push(value),
      (error) => this.ended.push(`${name}: ${error.code} ${error.retryAfterSeconds} ${error.message}`),
    );
  }

  async finish(name: string): Promise<void> {
    await turns();
    this.#running.get(name)?.();
    await turns();
  }
}

describe('a queue', () => {
  test('runs maxConcurrent tasks at once, and the others in the order of their arrival', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) under.add(name);
    await turns();
    expect(under.started).toEqual(['a', 'b']);
    await under.finish('b');
    expect(under.started).toEqual(['a', 'b', 'c']);
    await under.finish('a');
    await under.finish('c');
    expect(under.started).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(under.ended).toEqual(['b', 'a', 'c']);
  });

  test('runs one task of a user at a time, and lets others pass who wait for nobody', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 2 });
    for (const name of ['alice 1', 'alice 2', 'alice 3', 'bob 1', 'carol 1']) under.add(name);
    await turns();
    expect(under.started).toEqual(['alice 1', 'bob 1']);
    await under.finish('bob 1');
    expect(under.started).toEqual(['alice 1', 'bob 1', 'carol 1']);
    await under.finish('alice 1');
    await under.finish('alice 2');
    expect(under.started.slice(3)).toEqual(['alice 2', 'alice 3']);
  });

  test('refuses at once what exceeds maxWaiting', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 1, maxWaiting: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) under.add(name);
    await turns();
    expect(under.ended).toEqual([
      'd: ERR_SALLYPORT_UPSTREAM_OVERLOADED 1 too many wait for a place',
      'e: ERR_SALLYPORT_UPSTREAM_OVERLOADED 1 too many wait for a place',
    ]);
    await under.finish('a');
    under.add('f');
    await turns();
    expect(under.ended).toHaveLength(3);
    expect(under.started).toEqual(['a', 'b']);
  });

  test('with maxWaiting 0 lets nobody wait', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 1, maxWaiting: 0 });
    under.add('a');
    under.add('b');
    await turns();
    expect(under.started).toEqual(['a']);
    expect(under.ended).toHaveLength(1);
  });

  test('refuses who has waited maxWaitMs, to the millisecond, and starts the next instead', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 1, maxWaitMs: 2_000 });
    under.add('a');
    under.add('late');
    under.clock.pass(0.001);
    under.add('in time');
    under.clock.pass(1.999);
    await under.finish('a');
    expect(under.started).toEqual(['a', 'in time']);
    expect(under.ended).toEqual([
      'a',
      'late: ERR_SALLYPORT_UPSTREAM_OVERLOADED 1 a login has waited too long for a thread',
    ]);
  });

  test('gives the place of an abandoned task to others, and does not run it', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 1, maxWaiting: 1 });
    const leaving = new AbortController();
    under.add('a');
    under.add('b', leaving.signal);
    leaving.abort();
    under.add('c');
    await turns();
    expect(under.ended).toEqual(['b: ERR_SALLYPORT_UPSTREAM_OVERLOADED 1 nobody waits for this any more']);
    await under.finish('a');
    expect(under.started).toEqual(['a', 'c']);
  });

  test('does not begin what was abandoned before, and ends what has begun', async () => {
    const under = new QueueUnderTest({ maxConcurrent: 1 });
    const leaving = new AbortController();
    under.add('a', leaving.signal);
    leaving.abort();
    under.add('b', leaving.signal);
    await under.finish('a');
    expect(under.started).toEqual(['a']);
    expect(under.ended).toEqual([expect.stringMatching(/^b: .*nobody waits/), 'a']);
  });

  test('goes on after a task that fails', async () => {
    const { queue } = new QueueUnderTest({ maxConcurrent: 1 });
    const fails = queue.run(ALICE, () => Promise.reject(new Error('broken')));
    const works = queue.run(ALICE, async () => 'done');
    await expect(fails).rejects.toThrow('broken');
    expect(await works).toBe('done');
  });
});

describe('logins in the queue', () => {
  /** Holds every hash until the test lets it go on. */
  function holdHashes() {
    const { verify } = argon2id;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const spy = jest.spyOn(argon2id, 'verify').mockImplementation(async (hash, password) => {
      await gate;
      return verify(hash, password);
    });
    return { spy, release, restore: () => spy.mockRestore() };
  }

  async function users(...names: readonly string[]): Promise<InMemoryUserStore> {
    return new InMemoryUserStore(await Promise.all(names.map((name) => accountOf(name, 'pass'))));
  }

  function login(name: string, password: string, client?: AbortSignal): SecurityRequest {
    return buildRequest('GET /', { basic: [name, password], client });
  }

  test('that is full get 503 with Retry-After, known and unknown users alike, and never 401 (CWE-400)', async () => {
    const under = new BasicUnderTest(await users('a', 'b', 'c'), { queue: { maxConcurrent: 1, maxWaiting: 1 } });
    const hashes = holdHashes();
    try {
      const accepted = [under.status('a', 'pass'), under.status('b', 'pass')];
      await turns();
      const refused = [await under.ask('c', 'pass'), await under.ask('c', 'bad'), await under.ask('x', 'pass')];
      for (const decision of refused.map(denied)) {
        expect(decision).toMatchObject({ status: 503, reason: 'err_sallyport_upstream_overloaded' });
        expect(decision.body).toBe(denied(refused[0] as never).body);
        expect(headerOf(decision, 'Retry-After')).toBe('1');
        expect(headerOf(decision, 'WWW-Authenticate')).toBeUndefined();
      }
      hashes.release();
      expect(await Promise.all(accepted)).toEqual([200, 200]);
      expect(await under.status('c', 'pass')).toBe(200);
    } finally {
      hashes.restore();
    }
  });

  test('that is full still answer whose password is remembered', async () => {
    const under = new BasicUnderTest(await users('a', 'b'), { queue: { maxConcurrent: 1, maxWaiting: 0 } });
    expect(await under.status('a', 'pass')).toBe(200);
    const hashes = holdHashes();
    try {
      const waiting = under.status('b', 'pass');
      await turns();
      expect(await under.status('a', 'pass')).toBe(200);
      hashes.release();
      expect(await waiting).toBe(200);
    } finally {
      hashes.restore();
    }
  });

  test('of one credential are hashed once, and the first to go away takes nobody along', async () => {
    const under = new BasicUnderTest(await users('a'));
    const hashes = holdHashes();
    try {
      const first = new AbortController();
      const pending = [
        under.chain.decide(login('a', 'pass', first.signal)),
        ...Array.from({ length: 20 }, () => under.chain.decide(login('a', 'pass'))),
      ];
      await turns();
      first.abort();
      hashes.release();
      const decisions = await Promise.all(pending);
      expect(decisions.map((decision) => (decision.kind === 'granted' ? 200 : decision.reason))).toEqual([
        'client_gone',
        ...Array.from({ length: 20 }, () => 200),
      ]);
      expect(hashes.spy).toHaveBeenCalledTimes(1);
    } finally {
      hashes.restore();
    }
  });

  test('whose clients have all gone are not hashed, and who asks again is', async () => {
    const under = new BasicUnderTest(await users('a', 'b'), { queue: { maxConcurrent: 1 } });
    const hashes = holdHashes();
    try {
      const busy = under.status('a', 'pass');
      await turns();
      const client = new AbortController();
      const gone = [login('b', 'pass', client.signal), login('b', 'pass', client.signal)];
      const refusals = Promise.all(gone.map((request) => under.chain.decide(request)));
      await turns();
      client.abort();
      const again = under.status('b', 'pass');
      hashes.release();
      expect(await refusals).toMatchObject([{ reason: 'client_gone' }, { reason: 'client_gone' }]);
      expect(await Promise.all([busy, again])).toEqual([200, 200]);
      expect(hashes.spy).toHaveBeenCalledTimes(2);
    } finally {
      hashes.restore();
    }
  });

  test('whose hash has begun are counted though the client has gone: leaving buys no guess', async () => {
    const under = new BasicUnderTest(await users('a'), { failures: { perAccountAndNetwork: 1 } });
    const hashes = holdHashes();
    try {
      const client = new AbortController();
      const gone = under.chain.decide(login('a', 'guess', client.signal));
      await turns();
      client.abort();
      expect(await gone).toMatchObject({ reason: 'client_gone' });
      hashes.release();
      await turns();
      await hashes.spy.mock.results[0]?.value;
      await turns();
      expect(await under.status('a', 'pass')).toBe(429);
    } finally {
      hashes.restore();
    }
  });
});
