import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { denied, Revocations, unavailable, type Verdict } from '@sallyport/core';
import { type CacheStore, type ReceivedNotices, type RevocationBus, VerdictCache } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { aRequest, Lookup, leavableRequest, principalOf } from './cache-fixture.js';

const SECRET = 'a secret that all instances share, 1';
const STEPS = 3_000;
const TOKENS = ['t0', 't1', 't2', 't3'];
const LIVES_FOR_SECONDS = 60;

/** Mulberry32: numbers from 0 to 1, the same for a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Delivers at once to all instances, and keeps nothing. */
class LocalBus implements RevocationBus {
  readonly listeners: ((notice: string) => void)[] = [];

  async publish(notice: string): Promise<boolean> {
    for (const listener of this.listeners) listener(notice);
    return true;
  }
  async receive(): Promise<ReceivedNotices> {
    return { notices: [], isComplete: true };
  }
  async listen(listener: (notice: string) => void): Promise<void> {
    this.listeners.push(listener);
  }
  async close(): Promise<void> {}
}

/** A store whose values a thief replays, swaps and spoils. */
class HostileStore implements CacheStore {
  readonly values = new Map<string, string>();
  readonly stolen: string[] = [];

  get(key: string): string | undefined {
    return this.values.get(key);
  }
  set(key: string, value: string): void {
    this.values.set(key, value);
    this.stolen.push(value);
  }
  delete(key: string): void {
    this.values.delete(key);
  }
}

/** What is true about a token, whatever caches say. */
interface Truth {
  readonly issuedAt: number;
  readonly expiresAt: number;
  isRevoked: boolean;
}

/** Two instances with two handlers each, one clock, one store and one bus; every answer is judged when it is given. */
class World {
  readonly clock = new ManualClock();
  readonly faults: string[] = [];
  granted = 0;
  /** Revocations that found no room. */
  unheard = 0;
  readonly #random: () => number;
  readonly #store = new HostileStore();
  readonly #instances: { revocations: Revocations; caches: Map<string, VerdictCache> }[] = [];
  readonly #truth = new Map<string, Truth>();
  readonly #underWay: { lookup: Lookup; name: string; token: string; isRevoked: boolean }[] = [];
  readonly #setsClock: boolean;
  #issued = 0;

  constructor(seed: number, { setsClock }: { setsClock: boolean }) {
    this.#random = random(seed);
    this.#setsClock = setsClock;
  }

  async open(maxRevocations?: number): Promise<void> {
    const { clock } = this;
    const bus = new LocalBus();
    for (let count = 0; count < 2; count += 1) {
      const revocations = new Revocations({ secret: SECRET, maxEntries: maxRevocations }, { bus, clock });
      await revocations.start();
      const open = (namespace: string) =>
        new VerdictCache(
          { namespace, secret: SECRET, ttlSeconds: 20, staleIfUnavailableSeconds: 10, maxEntries: 3 },
          { clock, revocations, store: this.#store },
        );
      this.#instances.push({ revocations, caches: new Map(['a', 'b'].map((name) => [name, open(name)])) });
    }
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      this.#pick([
        this.#ask,
        this.#ask,
        this.#ask,
        this.#settle,
        this.#settle,
        this.#time,
        this.#revoke,
        this.#rob,
      ]).call(this);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (this.#underWay.length > 0) this.#settle();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }

  /** Tokens are used for a while, then give way to new ones. */
  #token(): string {
    if (this.#random() < 0.05) this.#issued += 1;
    const token = `${this.#pick(TOKENS)}-${this.#issued}`;
    const now = this.clock.now() / 1_000;
    if (!this.#truth.has(token)) {
      this.#truth.set(token, { issuedAt: now, expiresAt: now + this.#random() * LIVES_FOR_SECONDS, isRevoked: false });
    }
    return token;
  }

  #ask(): void {
    const [instance, name, token] = [this.#pick(this.#instances), this.#pick(['a', 'b']), this.#token()];
    const lookup = new Lookup();
    const { request, leave } = leavableRequest();
    const verdict = instance.caches
      .get(name)
      ?.resolve(token, this.#random() < 0.9 ? request : aRequest(), (waiters) => {
        this.#underWay.push({ lookup, name, token, isRevoked: (this.#truth.get(token) as Truth).isRevoked });
        return lookup.load(waiters);
      }) as Verdict | Promise<Verdict>;
    if (this.#random() < 0.1) leave();
    if (verdict instanceof Promise) verdict.then((later) => this.#judge(later, name, token));
    else this.#judge(verdict, name, token);
  }

  /** An authorization server that tells the truth of when it was asked, if it tells anything. */
  #settle(): void {
    const [flight] = this.#underWay.splice(Math.floor(this.#random() * this.#underWay.length), 1);
    if (flight === undefined) return;
    const { lookup, name, token, isRevoked } = flight;
    const { issuedAt, expiresAt } = this.#truth.get(token) as Truth;
    const isGood = !isRevoked && this.clock.now() < expiresAt * 1_000;
    const init = { subject: `${name} ${token}`, expiresAt, ...(this.#random() < 0.5 && { issuedAt }) };
    if (this.#random() < 0.2) lookup.answer(unavailable('down'));
    else lookup.answer(isGood ? principalOf({ ...init, claims: { jti: token } }) : denied('token_inactive'));
  }

  #time(): void {
    if (this.#random() < 0.9 || !this.#setsClock) this.clock.pass(this.#random() * 5);
    else this.clock.set((this.#random() - 0.5) * 200);
  }

  /** A revocation that finds no room is told to be none: the token goes on. */
  #revoke(): void {
    if (this.#random() < 0.7) return;
    const [token, { revocations }] = [this.#token(), this.#pick(this.#instances)];
    const truth = this.#truth.get(token) as Truth;
    const { refused } = revocations;
    const options = { expiresAt: truth.expiresAt };
    if (this.#random() < 0.5) revocations.revokeToken(token, options);
    else revocations.revokeJti(token, options);
    if (revocations.refused > refused) this.unheard += 1;
    else truth.isRevoked = true;
  }

  #rob(): void {
    const { values, stolen } = this.#store;
    const keys = [...values.keys()];
    if (keys.length === 0) return;
    const value = this.#pick(stolen);
    const at = Math.floor(this.#random() * value.length);
    const spoilt = `${value.slice(0, at)}${String.fromCharCode(value.charCodeAt(at) ^ 1)}${value.slice(at + 1)}`;
    values.set(this.#pick(keys), this.#random() < 0.5 ? value : spoilt);
  }

  #judge(verdict: Verdict, name: string, token: string): void {
    if (verdict.kind !== 'authenticated') return;
    this.granted += 1;
    const { issuedAt, expiresAt, isRevoked } = this.#truth.get(token) as Truth;
    const { principal } = verdict;
    if (principal.subject !== `${name} ${token}`) this.faults.push(`${token} of ${name} got ${principal.subject}`);
    if (this.clock.now() >= expiresAt * 1_000) this.faults.push(`${token} was good beyond its expiry`);
    if (isRevoked) this.faults.push(`${token}, issued at ${issuedAt}, was good after it was revoked`);
  }
}

// Bridging outages warns at start; that it does is a rule of test/core/cache/verdict-cache.test.ts.
let warn: ReturnType<typeof jest.spyOn>;
beforeAll(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterAll(() => {
  warn.mockRestore();
});

test.each([1, 2, 3, 4, 5])(
  `history ${'%i'} of ${STEPS} random steps, with clocks set and a store robbed: nobody gets another's answer, an expired or a revoked one`,
  async (seed) => {
    const world = new World(seed, { setsClock: true });
    await world.open();
    await world.run(STEPS);
    expect(world.faults).toEqual([]);
    expect(world.granted).toBeGreaterThan(STEPS / 20);
    expect(world.unheard).toBe(0);
  },
);

test.each([6, 7, 8])(
  `history ${'%i'} of ${STEPS} random steps, with more revocations than there is room for: whatever was taken stays refused`,
  async (seed) => {
    const world = new World(seed, { setsClock: false });
    await world.open(6);
    await world.run(STEPS);
    expect(world.faults).toEqual([]);
    expect(world.granted).toBeGreaterThan(STEPS / 20);
    expect(world.unheard).toBeGreaterThan(10);
  },
);
