import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type GrantedDecision, type Lease, Revocations } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { type ApiKeyStore, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { KeysUnderTest, ObservedStore, OLD_SECRET, SECRET } from './api-key-fixture.js';

const RECHECK_SECONDS = 10;

async function leaseOn({ chain }: KeysUnderTest, text: string): Promise<Lease> {
  const request = { method: 'GET', target: '/', rawHeaders: ['X-API-Key', text] };
  const { decision } = await chain.explain(request);
  const lease = chain.lease(decision as GrantedDecision, request, {
    guards: [],
    others: [],
    recheckSeconds: RECHECK_SECONDS,
  });
  await settled();
  return lease;
}

function keysIn(store: ApiKeyStore, secret: readonly string[] = [SECRET]): KeysUnderTest {
  const clock = new ManualClock();
  return new KeysUnderTest({ store, secret }, { clock, revocations: new Revocations({}, { clock }) });
}

async function pass({ clock }: KeysUnderTest, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 1) {
    clock.pass(1);
    await settled();
  }
}

describe('a lease on an API key, where the handler has revocations,', () => {
  test.each<[string, () => ApiKeyStore, readonly string[]]>([
    ['a store that tells its changes', () => new MemoryApiKeyStore(), [SECRET]],
    ['a store that tells none', () => new ObservedStore(() => {}), [SECRET]],
    ['a handler with two secrets', () => new MemoryApiKeyStore(), [OLD_SECRET, SECRET]],
  ])('ends when its text is rotated away, by %s', async (_what, open, secrets) => {
    const keys = keysIn(open(), secrets);
    const { text, id } = await keys.issue();
    const lease = await leaseOn(keys, text);
    await pass(keys, 60);
    expect(lease.ended).toBeUndefined();
    const rotated = await keys.handler.keys.rotate(id, { overlapSeconds: 0 });
    const next = await leaseOn(keys, rotated?.key.reveal() as string);
    await pass(keys, RECHECK_SECONDS);
    expect([lease.ended, next.ended]).toEqual(['revoked', undefined]);
  });

  test('goes on while its text is good beside a new one, and ends with it', async () => {
    const keys = keysIn(new MemoryApiKeyStore());
    const { text, id } = await keys.issue();
    const lease = await leaseOn(keys, text);
    await keys.handler.keys.rotate(id, { overlapSeconds: 100 });
    await pass(keys, 90);
    expect(lease.ended).toBeUndefined();
    await pass(keys, 20);
    expect(lease.ended).toBe('revoked');
  });

  test('ends when its record is revoked by a process that shares only the store', async () => {
    const store = new MemoryApiKeyStore();
    const [keys, other] = [keysIn(store), keysIn(store)];
    const { text, id } = await keys.issue();
    const lease = await leaseOn(keys, text);
    await other.handler.keys.revoke(id);
    await pass(keys, RECHECK_SECONDS);
    expect(lease.ended).toBe('revoked');
  });

  test('goes on through a short outage of the store, and ends in a long one', async () => {
    let isDown = false;
    const store = new ObservedStore(() => {
      if (isDown) throw new Error('down');
    });
    const keys = keysIn(store);
    const { text } = await keys.issue();
    const lease = await leaseOn(keys, text);
    isDown = true;
    await pass(keys, RECHECK_SECONDS);
    isDown = false;
    await pass(keys, 60);
    expect(lease.ended).toBeUndefined();
    isDown = true;
    await pass(keys, 60);
    expect(lease.ended).toBe('denied');
  });

  test('asks the store once, until something in it changes', async () => {
    let asked = 0;
    const store = new MemoryApiKeyStore();
    const find = store.find.bind(store);
    store.find = (id) => {
      asked += 1;
      return find(id);
    };
    const keys = keysIn(store);
    const { text } = await keys.issue();
    const lease = await leaseOn(keys, text);
    const before = asked;
    await pass(keys, 120);
    expect([asked - before, lease.ended]).toEqual([0, undefined]);
  });
});
