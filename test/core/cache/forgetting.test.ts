import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { denied, MemoryCacheStore, Revocations } from '@sallyport/core';
import type { RevocationBus } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { aRequest, CacheUnderTest, Lookup, principalOf } from './cache-fixture.js';

const SECRET = 'a deployment secret of 32 characters or more';
const NEXT_SECRET = 'the next secret of this deployment, as long';

/** A bus that tells every listener at once, and keeps nothing. */
class Channel {
  readonly #listeners = new Set<(notice: string) => void>();
  isAway = false;

  readonly bus = (): RevocationBus => ({
    publish: async (notice) => {
      if (!this.isAway) for (const listener of this.#listeners) listener(notice);
      return !this.isAway;
    },
    receive: async () => ({ notices: [], isComplete: !this.isAway }),
    listen: async (listener) => {
      this.#listeners.add(listener);
    },
    close: async () => {},
  });
}

const channel = new Channel();
const clock = new ManualClock();

async function instance({
  secret = [SECRET] as readonly string[],
  namespace = 'tokens',
  store = undefined as MemoryCacheStore | undefined,
} = {}) {
  const revocations = new Revocations({ secret }, { bus: channel.bus(), clock });
  await revocations.start();
  const cacheSecret = store === undefined ? {} : { secret };
  return new CacheUnderTest({ namespace, ttlSeconds: 3_600, ...cacheSecret }, { clock, revocations, store });
}

describe('what one cache forgets', () => {
  test('the caches of other instances forget as well, good answers and refusals; nothing else', async () => {
    const [one, other] = [await instance(), await instance()];
    for (const each of [one, other]) {
      await each.ask('good');
      await each.ask('bad', denied('token_inactive'));
      await each.ask('kept');
    }
    expect(await Promise.all([one.cache.forget('good'), one.cache.forget('bad')])).toEqual([true, true]);
    for (const each of [one, other]) {
      const before = each.loads;
      expect(await each.ask('good', denied('token_inactive'))).toMatchObject({ kind: 'denied' });
      expect(await each.ask('bad')).toMatchObject({ kind: 'authenticated' });
      expect(each.loads - before).toBe(2);
      expect(each.cache.find('kept', aRequest())).toBeDefined();
    }
  });

  test('a lookup under way elsewhere does not bring back', async () => {
    const [one, other] = [await instance(), await instance()];
    const lookup = new Lookup();
    const pending = other.cache.resolve('t', aRequest(), lookup.load);
    while (lookup.calls === 0) await turn();
    await one.cache.forget('t');
    lookup.answer(principalOf());
    expect(await pending).toMatchObject({ kind: 'authenticated' });
    expect(other.cache.find('t', aRequest())).toBeUndefined();
  });

  test('is not taken back from the store that they share', async () => {
    const store = new MemoryCacheStore();
    const [one, other] = [await instance({ store }), await instance({ store })];
    await one.ask('t');
    await other.ask('t');
    await one.cache.forget('t');
    expect(await other.ask('t', denied('token_inactive'))).toMatchObject({ kind: 'denied' });
  });

  test('is not left in the store by a lookup that ended elsewhere before it was told', async () => {
    const store = new MemoryCacheStore({}, { clock });
    const [one, other, third] = [await instance({ store }), await instance({ store }), await instance({ store })];
    const lookup = new Lookup();
    const pending = other.cache.resolve('t', aRequest(), lookup.load);
    while (lookup.calls === 0) await turn();
    const drop = store.delete.bind(store);
    store.delete = async (key) => {
      store.delete = drop;
      drop(key);
      lookup.answer(principalOf());
      await pending;
    };
    expect(await one.cache.forget('t')).toBe(true);
    await turn();
    expect(await third.ask('t', denied('token_inactive'))).toMatchObject({ kind: 'denied' });
  });

  test('is found while a secret is replaced, whichever of the two an instance writes with', async () => {
    const secrets = [[SECRET], [SECRET, NEXT_SECRET], [NEXT_SECRET, SECRET]];
    const [old, both, next] = (await Promise.all(secrets.map((secret) => instance({ secret })))) as [
      CacheUnderTest,
      CacheUnderTest,
      CacheUnderTest,
    ];
    for (const each of [old, both, next]) await each.ask('t');
    await both.cache.forget('t');
    for (const each of [old, both, next]) expect(each.cache.find('t', aRequest())).toBeUndefined();
  });

  test('of another kind, caches of the same deployment keep', async () => {
    const [one, other] = [await instance(), await instance({ namespace: 'other tokens' })];
    await other.ask('t');
    await one.cache.forget('t');
    expect(other.cache.find('t', aRequest())).toBeDefined();
  });

  test('is forgotten here also while the others cannot be told, and the promise says so', async () => {
    const one = await instance();
    await one.ask('t');
    channel.isAway = true;
    expect(await one.cache.forget('t')).toBe(false);
    channel.isAway = false;
    expect(one.cache.find('t', aRequest())).toBeUndefined();
  });

  test('is no revocation: the credential is looked up, and may be good', async () => {
    const [one, other] = [await instance(), await instance()];
    await other.ask('t');
    await one.cache.forget('t');
    expect(await other.ask('t')).toMatchObject({ kind: 'authenticated' });
    expect(other.loads).toBe(2);
  });
});
