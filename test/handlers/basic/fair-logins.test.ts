import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { CountedCaller, FailureLimiter, GoodBefore } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { argon2id } from '../../../packages/handlers/src/basic/passwords/argon2id.js';
import { isNightly } from '../../support/nightly.js';
import { accountOf, BasicUnderTest, basic, CHEAP, requestWith } from './basic-fixture.js';

const ATTACKER = '203.0.113.9';
const CLEAN = '198.51.100.7';
const QUEUE = { maxConcurrent: 1, maxWaiting: 64 };

let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** The work of hashing, which ends when the test says so. What it finds is true for hashes of `pass`. */
class Threads {
  readonly #waiting: (() => void)[] = [];

  constructor() {
    jest.spyOn(argon2id, 'verify').mockImplementation(async (_hash, password) => {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return Buffer.from(password).toString() === 'pass';
    });
  }

  /** Ends what runs, as often as something is begun. */
  async work(): Promise<void> {
    await settled();
    for (let end = this.#waiting.shift(); end !== undefined; end = this.#waiting.shift()) {
      end();
      await settled();
    }
  }
}

const settled = () => new Promise(setImmediate);

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function open(options = {}): Promise<BasicUnderTest> {
  return BasicUnderTest.with(
    [
      ['alice', 'pass'],
      ['bob', 'pass'],
    ],
    { queue: QUEUE, ...options },
  );
}

/** A login of somebody whose address is not known. */
async function statusWithoutAddress(under: BasicUnderTest, userName: string, password: string): Promise<number> {
  const decision = await under.chain.decide(requestWith(basic(userName, password)));
  return decision.kind === 'granted' ? 200 : decision.status;
}

function count(statuses: readonly number[], status: number): number {
  return statuses.filter((one) => one === status).length;
}

describe('no network takes the threads from others (CWE-400)', () => {
  test.each([
    ['one address', 80, () => ATTACKER],
    ['a fresh /64 for each request', 80, (index: number) => `2001:db8:1:${index.toString(16)}::1`],
    ['eight networks', 80, (index: number) => `203.0.113.${index % 8}`],
  ])('junk of %s: the right password of another network is served', async (_, amount, address) => {
    const under = await open();
    const threads = new Threads();
    const junk = times(amount, (index) => under.status(`nobody ${index}`, 'x', address(index)));
    await settled();
    const right = under.status('alice', 'pass', CLEAN);
    await threads.work();
    expect(await right).toBe(200);
    expect(count(await Promise.all(junk), 503)).toBeGreaterThanOrEqual(amount - 65);
  });

  test('junk of more networks than there are places: whoever was right before is served, a minute later as well', async () => {
    const under = await open();
    const threads = new Threads();
    const before = under.status('alice', 'pass', CLEAN);
    await threads.work();
    expect(await before).toBe(200);
    under.clock.pass(61);
    const junk = times(200, (index) => under.status(`nobody ${index}`, 'x', `203.${index}.113.9`));
    await settled();
    const again = [under.status('alice', 'pass', CLEAN), under.status('bob', 'pass', CLEAN)];
    await threads.work();
    // Alice was right before, and Bob comes from a network from which somebody was.
    expect(await Promise.all(again)).toEqual([200, 200]);
    await Promise.all(junk);
  });

  test('who is refused for overload has it counted against its network, and not against others', async () => {
    const under = await open({ failures: { perNetwork: 10 }, queue: { maxConcurrent: 1, maxWaiting: 0 } });
    const threads = new Threads();
    const holder = under.status('holder', 'x', '192.0.2.1');
    for (let index = 0; index < 10; index += 1) {
      expect(await under.status(`nobody ${index}`, 'x', ATTACKER)).toBe(503);
    }
    expect(await under.status('one more', 'x', ATTACKER)).toBe(429);
    await threads.work();
    expect(await holder).toBe(401);
    const other = under.status('alice', 'pass', CLEAN);
    await threads.work();
    expect(await other).toBe(200);
  });
});

test.each([
  ['a fresh /64 for each request', (index: number) => `2001:db8:1:${index.toString(16)}::1`],
  ['a network for each request', (index: number) => `203.${index}.113.9`],
])('one account with %s does not take the queue from others who were right before', async (_, address) => {
  const under = await open();
  const threads = new Threads();
  for (const name of ['alice', 'bob']) {
    const before = under.status(name, 'pass', CLEAN);
    await threads.work();
    expect(await before).toBe(200);
  }
  under.clock.pass(61);
  const insider = times(100, (index) => under.status('bob', 'pass', address(index)));
  await settled();
  const alice = under.status('alice', 'pass', CLEAN);
  await threads.work();
  expect(await alice).toBe(200);
  await Promise.all(insider);
});

test('overload is not held against a password that was right before', async () => {
  const under = await open({ failures: { perNetwork: 10 }, queue: { maxConcurrent: 1, maxWaiting: 0 } });
  expect(await under.status('alice', 'pass', CLEAN)).toBe(200);
  under.clock.pass(61);
  const threads = new Threads();
  const holder = under.status('holder', 'x', '192.0.2.1');
  for (let login = 0; login < 30; login += 1) expect(await under.status('alice', 'pass', CLEAN)).toBe(503);
  await threads.work();
  expect(await holder).toBe(401);
  const later = under.status('alice', 'pass', CLEAN);
  await threads.work();
  expect(await later).toBe(200);
});

describe('guesses that cost no hash do not flush what was counted (CWE-307)', () => {
  function limited() {
    const clock = new ManualClock();
    const good = new GoodBefore({}, clock);
    const limiter = new FailureLimiter('basic', {}, { store: undefined, good, clock, report: () => {} });
    const login = (userName: string, address: string) =>
      new CountedCaller('basic', { account: userName, credential: userName }, address);
    return {
      guess: () => limiter.run(login('victim', ATTACKER), async () => false),
      /** A login that finds no place. */
      overload: (userName: string, address: string) => {
        const noPlace = () => Promise.reject(new Error('no place'));
        return limiter.run(login(userName, address), noPlace).catch(() => undefined);
      },
    };
  }

  test('they use up nothing of the budget for guesses that do', async () => {
    const { guess, overload } = limited();
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await guess()).toBe(false);
    for (let attempt = 0; attempt < 9; attempt += 1) await overload('victim', ATTACKER);
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await guess()).toBe(false);
    expect(await guess()).toMatchObject({ kind: 'limited' });
  });

  const every = isNightly ? test : test.skip;

  every(
    'a budget that was partly used up outlasts 100 000 logins that were not checked (every night: it takes 10 s)',
    async () => {
      const { guess, overload } = limited();
      for (let attempt = 0; attempt < 9; attempt += 1) expect(await guess()).toBe(false);
      // Twice as many counters as are kept of failures.
      for (let index = 0; index < 100_000; index += 1) {
        const address = `2001:db8:${(index >> 8).toString(16)}:${(index & 0xff).toString(16)}::1`;
        await overload(`nobody ${index}`, address);
      }
      expect(await guess()).toBe(false);
      expect(await guess()).toMatchObject({ kind: 'limited' });
    },
  );
});

describe('an account under attack', () => {
  async function attacked(): Promise<BasicUnderTest> {
    const under = await open({ failures: { perAccount: 4 } });
    for (let host = 0; host < 4; host += 1) expect(await under.status('alice', 'x', `203.0.113.${host}`)).toBe(401);
    return under;
  }

  test('its owner may ask in parallel, from a clean network: equal checks are joined before they are counted', async () => {
    const under = await attacked();
    const statuses = await Promise.all(times(6, () => under.status('alice', 'pass', CLEAN)));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
  });

  test.each([
    ['IPv6 devices of one household', (index: number) => `2001:db8:1:1::${index + 1}`],
    ['adapters that spell an address differently', (index: number) => (index % 2 === 0 ? CLEAN : `::ffff:${CLEAN}`)],
  ])('so may %s, through chains of their own', async (_, address) => {
    const under = await attacked();
    const chains = times(2, () => new SecurityChain({ requirement: under.handler }, { clock: under.clock }));
    const decisions = times(4, async (index) => {
      const chain = chains[index % 2] as SecurityChain;
      return chain.decide(requestWith(basic('alice', 'pass'), address(index)));
    });
    const kinds = (await Promise.all(decisions)).map(({ kind }) => kind);
    expect(kinds).toEqual(['granted', 'granted', 'granted', 'granted']);
  });

  test('guesses in parallel find no gap: one network has one, and the right one among them does not stand out', async () => {
    const under = await attacked();
    const guesses = ['guess 1', 'guess 1', 'guess 2', 'pass', 'guess 3', 'pass'];
    const statuses = await Promise.all(guesses.map((guess) => under.status('alice', guess, CLEAN)));
    expect(statuses).toEqual([401, 401, 429, 429, 429, 429]);
  });

  test('a guess does not join a check where the budget is used up: that would compare it for free', async () => {
    const under = await open({ failures: { perAccountAndNetwork: 2 } });
    const threads = new Threads();
    for (const guess of ['guess 1', 'guess 2']) {
      const status = under.status('alice', guess, ATTACKER);
      await threads.work();
      expect(await status).toBe(401);
    }
    const owner = under.status('alice', 'pass', CLEAN);
    await settled();
    expect(await under.status('alice', 'pass', ATTACKER)).toBe(429);
    await threads.work();
    expect(await owner).toBe(200);
  });

  test('a fresh /64 for each guess finds no gap: the networks around it have a budget, too', async () => {
    const under = await open({ failures: { perAccount: 20 } });
    const guess = (index: number, prefix: string) =>
      under.status('alice', `guess ${index}`, `${prefix}:${index.toString(16)}::1`);
    const statuses: number[] = [];
    for (let index = 0; index < 60; index += 1) statuses.push(await guess(index, '2001:db8:1'));
    // Twenty until the account is under attack. From then on the /48 has four and the /32 sixteen, and had them.
    expect(count(statuses, 401)).toBe(20);
    for (let index = 0; index < 60; index += 1) statuses.push(await guess(index, `2001:db8:${index + 2}`));
    expect(count(statuses, 401)).toBe(20);
    expect(await under.status('alice', 'pass', CLEAN)).toBe(200);
  });

  test('whoever was right from a network goes on there, whatever the networks around it do', async () => {
    const under = await open({ failures: { perAccount: 20 } });
    expect(await under.status('alice', 'pass', '2001:db8:1:aaaa::1')).toBe(200);
    for (let index = 0; index < 40; index += 1) await under.status('alice', `x ${index}`, `2001:db8:1:${index}::1`);
    under.clock.pass(61);
    expect(await under.status('alice', 'pass', '2001:db8:1:aaaa::2')).toBe(200);
    expect(await under.status('alice', 'pass', '2001:db8:1:bbbb::2')).toBe(429);
  });
});

describe('where no client address is known', () => {
  test('wrong passwords for made-up users shut nobody out: failures count by account only', async () => {
    const under = await open();
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
    for (let index = 0; index < 150; index += 1) {
      expect(await statusWithoutAddress(under, `nobody ${index}`, 'x')).toBe(401);
    }
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
    expect(await statusWithoutAddress(under, 'bob', 'pass')).toBe(200);
    under.clock.pass(61);
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
  });

  test('an account whose budget is used up goes on for a password that was right before', async () => {
    const under = await open({ failures: { perAccount: 5 } });
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await statusWithoutAddress(under, 'alice', `guess ${guess}`)).toBe(401);
    }
    expect(await statusWithoutAddress(under, 'alice', 'one more')).toBe(429);
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
    under.clock.pass(61);
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
  });

  test('but not for guesses without end: then the right one would stand out among them', async () => {
    const under = await open({ failures: { perAccount: 5 } });
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
    const statuses: number[] = [];
    for (let guess = 0; guess < 50; guess += 1) statuses.push(await statusWithoutAddress(under, 'alice', `x ${guess}`));
    expect(count(statuses, 401)).toBe(5);
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(429);
    expect(await statusWithoutAddress(under, 'bob', 'pass')).toBe(200);
    under.clock.pass(900);
    expect(await statusWithoutAddress(under, 'alice', 'pass')).toBe(200);
  });

  test('guesses in parallel find no gap', async () => {
    const under = await open({ failures: { perAccount: 5 } });
    const guesses = times(60, (guess) => statusWithoutAddress(under, 'alice', `guess ${guess}`));
    expect(count(await Promise.all(guesses), 401)).toBe(5);
  });

  test('a flood leaves the threads to passwords that were right before', async () => {
    const under = await open();
    const threads = new Threads();
    const before = statusWithoutAddress(under, 'alice', 'pass');
    await threads.work();
    expect(await before).toBe(200);
    under.clock.pass(61);
    const junk = times(200, (index) => statusWithoutAddress(under, `nobody ${index}`, 'x'));
    await settled();
    const again = statusWithoutAddress(under, 'alice', 'pass');
    await threads.work();
    expect(await again).toBe(200);
    await Promise.all(junk);
  });

  test('is warned of once, when the first such login comes', async () => {
    const users = new InMemoryUserStore([await accountOf('alice', 'pass')]);
    const handler = new BasicHandler({ realm: 'test', users, hashing: CHEAP }, { clock: new ManualClock() });
    const chain = new SecurityChain({ requirement: handler });
    await chain.decide(requestWith(basic('alice', 'x'), CLEAN));
    expect(warnings).toEqual([]);
    for (let login = 0; login < 3; login += 1) await chain.decide(requestWith(basic('alice', `x ${login}`)));
    expect(warnings).toEqual([expect.stringContaining('without a client address')]);
  });
});
