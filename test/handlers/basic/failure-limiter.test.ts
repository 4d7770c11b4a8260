import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { MemoryCounterStore } from '@sallyport/core';
import type { CounterStore } from '@sallyport/core/extend';
import {
  type BasicEvent,
  BasicHandler,
  type FailureLimits,
  InMemoryUserStore,
  onBasicEvent,
} from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { accountOf, BasicUnderTest, denied, headerOf } from './basic-fixture.js';

const HERE = '192.0.2.1';
const THERE = '198.51.100.7';

afterEach(() => {
  jest.restoreAllMocks();
});

function withLimits(failures: FailureLimits, counterStore?: CounterStore): Promise<BasicUnderTest> {
  return BasicUnderTest.with(
    [
      ['alice', 'pass'],
      ['bob', 'word'],
    ],
    { failures },
    counterStore && { counterStore },
  );
}

async function fail(under: BasicUnderTest, times: number, userName = 'alice', address = HERE): Promise<void> {
  for (let attempt = 0; attempt < times; attempt += 1) {
    expect(await under.status(userName, `wrong ${attempt}`, address)).toBe(401);
  }
}

describe('failed logins have a budget (ASVS 6.3, CWE-307)', () => {
  test('of 10 per account and network within 900 s, then even the right password gets 429 unhashed', async () => {
    const under = await withLimits({});
    await fail(under, 10);
    const hashed = jest.spyOn(argon2id, 'verify');
    const decision = denied(await under.ask('alice', 'pass'));
    expect(decision).toMatchObject({ status: 429, reason: 'rate_limited' });
    expect(headerOf(decision, 'Retry-After')).toBe('900');
    expect(headerOf(decision, 'WWW-Authenticate')).toBeUndefined();
    expect(headerOf(decision, 'Cache-Control')).toBe('no-store');
    expect(hashed).not.toHaveBeenCalled();
  });

  test('that comes back to the second, counted from the first failure on', async () => {
    const under = await withLimits({ perAccountAndNetwork: 2, windowSeconds: 60 });
    await fail(under, 1);
    under.clock.pass(30);
    await fail(under, 1);
    for (const [passed, left] of [
      [0, '30'],
      [0.001, '30'],
      [0.999, '29'],
      [28, '1'],
      [0.999, '1'],
    ] as const) {
      under.clock.pass(passed);
      const decision = denied(await under.ask('alice', 'pass'));
      expect(decision.status).toBe(429);
      expect(headerOf(decision, 'Retry-After')).toBe(left);
    }
    under.clock.pass(0.001);
    expect(await under.status('alice', 'pass')).toBe(200);
  });

  test('that asking again while it is used up does not prolong', async () => {
    const under = await withLimits({ perAccountAndNetwork: 1, windowSeconds: 10 });
    await fail(under, 1);
    for (let second = 0; second < 9; second += 1) {
      under.clock.pass(1);
      expect(await under.status('alice', 'wrong')).toBe(429);
    }
    under.clock.pass(1);
    expect(await under.status('alice', 'pass')).toBe(200);
  });

  test('that the clock of the machine being set gives back to nobody', async () => {
    const under = await withLimits({ perAccountAndNetwork: 1 });
    await fail(under, 1);
    under.clock.set(86_400);
    expect(await under.status('alice', 'pass')).toBe(429);
  });

  test('that is the same for known and unknown users, byte by byte (CWE-204)', async () => {
    const under = await withLimits({ perAccountAndNetwork: 3 });
    const answers = await Promise.all(
      ['alice', 'nobody'].map(async (name) => {
        const seen: unknown[] = [];
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const { status, headers, body } = denied(await under.ask(name, `wrong ${attempt}`));
          seen.push({ status, headers, body });
        }
        return seen;
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.map((answer) => (answer as { status: number }).status)).toEqual([401, 401, 401, 429, 429]);
  });

  test('that one network uses up on one account alone: the victim logs in from elsewhere (ASVS 6.3)', async () => {
    const under = await withLimits({});
    await fail(under, 10);
    expect(await under.status('alice', 'pass', HERE)).toBe(429);
    expect(await under.status('alice', 'pass', THERE)).toBe(200);
    expect(await under.status('bob', 'word', HERE)).toBe(200);
  });

  test('that a network uses up over many accounts: password spraying', async () => {
    const under = await withLimits({ perNetwork: 20 });
    for (let index = 0; index < 20; index += 1) await fail(under, 1, `user ${index}`);
    const decision = denied(await under.ask('alice', 'pass'));
    expect(decision.status).toBe(429);
    expect(await under.status('alice', 'pass', THERE)).toBe(200);
  });

  test('that is one for each network once an account has failed perAccount times: a distributed attack', async () => {
    const under = await withLimits({ perAccount: 5 });
    for (let host = 0; host < 5; host += 1) await fail(under, 1, 'alice', `203.0.113.${host}`);
    expect(await under.status('alice', 'wrong', THERE)).toBe(401);
    expect(await under.status('alice', 'pass', THERE)).toBe(429);
    expect(await under.status('alice', 'pass', HERE)).toBe(200);
    under.clock.pass(900);
    expect(await under.status('alice', 'wrong', THERE)).toBe(401);
    expect(await under.status('alice', 'pass', THERE)).toBe(200);
  });

  test.each([
    ['IPv6 addresses of one /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['spellings of an IPv6 address', '2001:db8::1', '2001:0DB8:0:0:0::0001'],
    ['zones of a link-local address', 'fe80::1%eth0', 'fe80::1%eth1'],
    ['IPv4 and IPv4 in IPv6', '192.0.2.9', '::ffff:192.0.2.9'],
    ['IPv4 in IPv6 and its hexadecimal spelling', '::ffff:192.0.2.9', '::FFFF:c000:0209'],
  ])('that %s share (CVE-2026-30827)', async (_, first, second) => {
    const under = await withLimits({ perAccountAndNetwork: 1 });
    await fail(under, 1, 'alice', first);
    expect(await under.status('alice', 'pass', second)).toBe(429);
  });

  test('that two networks of /64 do not share', async () => {
    const under = await withLimits({ perAccountAndNetwork: 1 });
    await fail(under, 1, 'alice', '2001:db8:1:2::1');
    expect(await under.status('alice', 'pass', '2001:db8:1:3::1')).toBe(200);
  });

  test.each([
    ['cases', 'ALICE', 'alice'],
    ['normal forms', 'zo\u00eb', 'zoe\u0308'],
    ['compatible letters', '\uff41lice', 'alice'],
  ])('that %s of a name share, because a store may take them for one', async (_, first, second) => {
    const under = await withLimits({ perAccountAndNetwork: 1 });
    await fail(under, 1, first);
    expect(await under.status(second, 'pass')).toBe(429);
  });

  test('that forwarded headers do not move (CVE-2026-90711)', async () => {
    const under = await withLimits({ perAccountAndNetwork: 10 });
    const { buildRequest } = await import('@sallyport/core/testing');
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 1_000; attempt += 1) {
      const forwarded = `203.0.113.${attempt % 256}`;
      const headers = { 'X-Forwarded-For': forwarded, Forwarded: `for=${forwarded}`, 'X-Real-IP': forwarded };
      const decision = await under.chain.decide(
        buildRequest('GET /', { basic: ['alice', `guess ${attempt}`], headers, remoteAddress: HERE }),
      );
      statuses.push(denied(decision).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(990);
  });

  test('that parallel guesses do not exceed', async () => {
    const under = await withLimits({ perAccountAndNetwork: 5 });
    const hashed = jest.spyOn(argon2id, 'verify');
    const guesses = Array.from({ length: 100 }, (_, attempt) => under.ask('alice', `guess ${attempt}`));
    const decisions = (await Promise.all(guesses)).map(denied);
    expect(decisions.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(new Set(decisions.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect(decisions.map((decision) => headerOf(decision, 'Retry-After')).includes('1')).toBe(true);
    expect(hashed).toHaveBeenCalledTimes(5);
  });

  test('that the same guess from two networks at once uses up for each', async () => {
    const under = await withLimits({ perAccountAndNetwork: 1 });
    expect(await Promise.all([HERE, THERE].map((address) => under.status('alice', 'guess', address)))).toEqual([
      401, 401,
    ]);
    expect(await under.status('alice', 'pass', HERE)).toBe(429);
    expect(await under.status('alice', 'pass', THERE)).toBe(429);
  });

  test('that malformed credentials and outages of the user store do not use up', async () => {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    let isDown = true;
    const find = (name: string) => (isDown ? Promise.reject(new Error('down')) : users.find(name));
    const under = new BasicUnderTest({ find }, { failures: { perAccountAndNetwork: 1 } });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await under.status('alice', 'pass')).toBe(503);
      expect(await under.status('alice', 'pass\n')).toBe(401);
    }
    isDown = false;
    expect(await under.status('alice', 'pass')).toBe(200);
  });
});

describe('a success', () => {
  test('clears what its network has failed on its account', async () => {
    const under = await withLimits({ perAccountAndNetwork: 3 });
    for (let round = 0; round < 4; round += 1) {
      await fail(under, 2);
      under.handler.invalidate('alice');
      expect(await under.status('alice', 'pass')).toBe(200);
    }
  });

  test('does not clear what the network has failed on other accounts: an account of their own buys no guesses', async () => {
    const under = await withLimits({ perNetwork: 4, perAccountAndNetwork: 3 });
    await fail(under, 2, 'alice');
    expect(await under.status('bob', 'word')).toBe(200);
    await fail(under, 1, 'alice');
    expect(await under.status('alice', 'pass')).toBe(429);
    await fail(under, 1, 'nobody');
    under.handler.invalidate('bob');
    expect(await under.status('bob', 'word')).toBe(429);
  });

  test('does not clear what other networks have failed on the account', async () => {
    const under = await withLimits({ perAccountAndNetwork: 2 });
    await fail(under, 2, 'alice', THERE);
    expect(await under.status('alice', 'pass', HERE)).toBe(200);
    expect(await under.status('alice', 'pass', THERE)).toBe(429);
  });

  test('is never counted', async () => {
    const under = await withLimits({ perAccountAndNetwork: 1, perNetwork: 1, perAccount: 1 });
    for (let login = 0; login < 20; login += 1) {
      under.handler.invalidate('alice');
      expect(await under.status('alice', 'pass')).toBe(200);
    }
  });
});

describe('a remembered password does not stand out among guesses', () => {
  test('once the budget is used up, nor while guesses use it up', async () => {
    const under = await withLimits({ perAccountAndNetwork: 3 });
    expect(await under.status('alice', 'pass')).toBe(200);
    const guesses = [...Array.from({ length: 50 }, (_, attempt) => `guess ${attempt}`), 'pass'];
    const statuses = await Promise.all(guesses.map((guess) => under.status('alice', guess)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(3);
    expect(statuses.at(-1)).toBe(429);
    expect(await under.status('alice', 'pass')).toBe(429);
    expect(await under.status('alice', 'pass', THERE)).toBe(200);
  });

  test('in a distributed attack, where each network has one guess', async () => {
    const under = await withLimits({ perAccount: 2 });
    expect(await under.status('alice', 'pass', HERE)).toBe(200);
    await fail(under, 1, 'alice', '203.0.113.1');
    await fail(under, 1, 'alice', '203.0.113.2');
    await fail(under, 1, 'alice', THERE);
    expect(await under.status('alice', 'pass', THERE)).toBe(429);
    expect(await under.status('alice', 'pass', HERE)).toBe(200);
  });

  test('when the queue is full: guesses that came to no check have a budget for a minute', async () => {
    const under = await BasicUnderTest.with([['alice', 'pass']], {
      failures: { perAccountAndNetwork: 3 },
      queue: { maxConcurrent: 1, maxWaiting: 0 },
    });
    expect(await under.status('alice', 'pass')).toBe(200);
    const { verify } = argon2id;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    jest.spyOn(argon2id, 'verify').mockImplementationOnce((hash, password) => gate.then(() => verify(hash, password)));
    const busy = under.status('somebody else', 'x', THERE);
    await new Promise(setImmediate);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await under.status('alice', `guess ${attempt}`)).toBe(503);
    }
    const decision = denied(await under.ask('alice', 'pass'));
    expect(decision.status).toBe(429);
    expect(headerOf(decision, 'Retry-After')).toBe('60');
    release();
    expect(await busy).toBe(401);
    under.clock.pass(59.999);
    expect(await under.status('alice', 'pass')).toBe(429);
    under.clock.pass(0.001);
    expect(await under.status('alice', 'pass')).toBe(200);
  });
});

describe('a failure store that several processes share', () => {
  /** A store that can be broken, and that tells what it was asked. */
  class BreakableStore implements CounterStore {
    readonly keys: string[] = [];
    mode: 'works' | 'throws' | 'rejects' | 'hangs' | 'lies' = 'works';
    readonly #store: MemoryCounterStore;

    constructor(store: MemoryCounterStore) {
      this.#store = store;
    }

    get(key: string) {
      return this.#answer(key, () => this.#store.get(key));
    }

    add(key: string, windowSeconds: number) {
      return this.#answer(key, () => this.#store.add(key, windowSeconds));
    }

    reset(key: string) {
      return this.#answer(key, () => this.#store.reset(key));
    }

    #answer<Value>(key: string, answer: () => Value): Value | Promise<Value> {
      this.keys.push(key);
      switch (this.mode) {
        case 'works':
          return answer();
        case 'throws':
          throw new Error('broken');
        case 'rejects':
          return Promise.reject(Object.assign(new Error('secret text'), { code: 'ECONNREFUSED' }));
        case 'hangs':
          return new Promise(() => {});
        case 'lies':
          return { value: '0', endsInMs: Number.NaN } as never;
      }
    }
  }

  async function processes(count: number, failures: FailureLimits = {}) {
    const store = new BreakableStore(new MemoryCounterStore());
    const all = await Promise.all(Array.from({ length: count }, () => withLimits(failures, store)));
    return { store, all, first: all[0] as BasicUnderTest, second: all[1] as BasicUnderTest };
  }

  test('makes one budget of all processes', async () => {
    const { first, second } = await processes(2, { perAccountAndNetwork: 4 });
    await fail(first, 2);
    await fail(second, 2);
    expect(await first.status('alice', 'pass')).toBe(429);
    expect(await second.status('alice', 'pass')).toBe(429);
    expect(await second.status('alice', 'pass', THERE)).toBe(200);
  });

  test('is told of a success by the process that saw it', async () => {
    const { first, second } = await processes(2, { perAccountAndNetwork: 3 });
    await fail(first, 2);
    expect(await second.status('alice', 'pass')).toBe(200);
    await fail(second, 2);
    second.handler.invalidate('alice');
    expect(await second.status('alice', 'pass')).toBe(200);
  });

  test('is asked nothing for a remembered password, nor for a login that is known to be over budget', async () => {
    const { store, first } = await processes(1, { perAccountAndNetwork: 2 });
    await first.status('alice', 'pass');
    const asked = store.keys.length;
    expect(await first.status('alice', 'pass')).toBe(200);
    expect(store.keys).toHaveLength(asked);
    await fail(first, 2, 'bob');
    const counted = store.keys.length;
    expect(await first.status('bob', 'word')).toBe(429);
    expect(store.keys).toHaveLength(counted);
  });

  test('sees hashes only: people type passwords into the wrong field (CWE-532)', async () => {
    const { store, first } = await processes(1);
    await first.status('hunter2-hunter2', 'canary-password', '203.0.113.77');
    expect(store.keys.length).toBeGreaterThan(0);
    for (const key of store.keys) expect(key).toMatch(/^[\w-]{43}$/);
  });

  const outages = ['throws', 'rejects', 'hangs', 'lies'] as const;

  async function during<Value>(under: BasicUnderTest, pending: Promise<Value>): Promise<Value> {
    await new Promise(setImmediate);
    under.clock.pass(0.05);
    return pending;
  }

  test.each(outages)('that %s: logins that need hashing are refused with 503, unhashed', async (mode) => {
    const { store, first } = await processes(1);
    expect(await first.status('bob', 'word')).toBe(200);
    store.mode = mode;
    const hashed = jest.spyOn(argon2id, 'verify');
    const events: BasicEvent[] = [];
    const stop = onBasicEvent((event) => events.push(event));
    for (const [name, password] of [
      ['alice', 'pass'],
      ['alice', 'wrong'],
      ['nobody', 'pass'],
    ] as const) {
      const decision = denied(await during(first, first.ask(name, password)));
      expect(decision).toMatchObject({ status: 503, reason: 'failure_store_unavailable' });
      expect(headerOf(decision, 'Retry-After')).toMatch(/^[1-9]\d*$/);
      expect(headerOf(decision, 'WWW-Authenticate')).toBeUndefined();
    }
    stop();
    expect(hashed).not.toHaveBeenCalled();
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ kind: 'failure_store_unavailable', handler: 'basic' });
    expect(JSON.stringify(events)).not.toContain('secret text');
    expect(await first.status('bob', 'word')).toBe(200);
    store.mode = 'works';
    expect(await first.status('alice', 'pass')).toBe(200);
  });

  test('that hangs is waited for storeTimeoutMs, to the millisecond', async () => {
    const { store, first } = await processes(1, { storeTimeoutMs: 200 });
    store.mode = 'hangs';
    let decision: unknown;
    const pending = first.ask('alice', 'pass').then((value) => {
      decision = value;
    });
    await new Promise(setImmediate);
    first.clock.pass(0.199);
    await new Promise(setImmediate);
    expect(decision).toBeUndefined();
    first.clock.pass(0.001);
    await pending;
    expect(decision).toMatchObject({ status: 503 });
    expect(first.clock.waiting).toBe(0);
  });

  test('that goes away finds the counts of before', async () => {
    const { store, first, second } = await processes(2, { perAccountAndNetwork: 3 });
    await fail(first, 2);
    await fail(second, 1);
    store.mode = 'throws';
    expect(await second.status('alice', 'pass')).toBe(429);
  });

  test('that goes away while a password is checked loses no failure', async () => {
    const { store, first } = await processes(1, { perAccountAndNetwork: 1 });
    const { verify } = argon2id;
    jest.spyOn(argon2id, 'verify').mockImplementationOnce((hash, password) => {
      store.mode = 'throws';
      return verify(hash, password);
    });
    await fail(first, 1);
    store.mode = 'works';
    expect(await first.status('alice', 'pass')).toBe(429);
  });

  test('that is away does not let a remembered password stand out among guesses', async () => {
    const { store, first } = await processes(1, { perAccountAndNetwork: 5 });
    expect(await first.status('alice', 'pass')).toBe(200);
    store.mode = 'throws';
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await first.status('alice', `guess ${attempt}`)).toBe(503);
    }
    expect(await first.status('alice', 'pass')).toBe(429);
    expect(await first.status('alice', 'pass', THERE)).toBe(200);
  });

  describe('with whenStoreFails: count_locally', () => {
    const limits: FailureLimits = { perAccountAndNetwork: 3, whenStoreFails: 'count_locally' };

    test('leaves each network one failure on an account while it is away', async () => {
      jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const { store, first } = await processes(1, limits);
      store.mode = 'throws';
      expect(await first.status('bob', 'word')).toBe(200);
      await fail(first, 1);
      for (let attempt = 0; attempt < 5; attempt += 1) {
        expect(await first.status('alice', `guess ${attempt}`)).toBe(429);
      }
      store.mode = 'works';
      first.clock.pass(60);
      await fail(first, 1);
    });

    test('is warned of at start-up', async () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const users = new InMemoryUserStore();
      const counterStore = new MemoryCounterStore();
      new BasicHandler({ realm: 'test', users, failures: limits });
      new BasicHandler({ realm: 'test', users, failures: { perNetwork: 5 } }, { counterStore });
      expect(warn).not.toHaveBeenCalled();
      new BasicHandler({ realm: 'test', users, failures: limits }, { counterStore });
      expect(warn.mock.calls).toEqual([[expect.stringContaining('whenStoreFails'), 'SallyportWarning']]);
    });
  });
});

describe('limits', () => {
  test.each([
    [{ windowSeconds: 0 }],
    [{ windowSeconds: 86_401 }],
    [{ perAccount: 0 }],
    [{ perAccountAndNetwork: 10_001 }],
    [{ storeTimeoutMs: 5_001 }],
    [{ whenStoreFails: 'open' }],
  ])('%j are refused', (failures) => {
    const users = new InMemoryUserStore();
    expect(() => new BasicHandler({ realm: 'test', users, failures: failures as FailureLimits })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});
