import { describe, expect, test } from '@jest/globals';
import { RedisCacheStore } from '@sallyport/core/redis';
import { ManualClock } from '@sallyport/core/testing';

/** A client whose replies come when a test says so. */
class SlowClient {
  isReady = true;
  sent = 0;
  #replies: (() => void)[] = [];

  sendCommand(...given: never[]): Promise<string> {
    const [[name]] = given as unknown as [[string]];
    this.sent += 1;
    return new Promise((resolve) => this.#replies.push(() => resolve(name === 'GETRANGE' ? 'value' : 'OK')));
  }

  async reply(): Promise<void> {
    for (const reply of this.#replies.splice(0)) reply();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function storeOn(client: SlowClient, options = {}): { store: RedisCacheStore; clock: ManualClock } {
  const clock = new ManualClock();
  return { clock, store: new RedisCacheStore(options, { client, clock }) };
}

describe('clients never give up on a command that they have sent, so the store does', () => {
  test('a read is a miss after 50 ms, and not earlier', async () => {
    const client = new SlowClient();
    const { store, clock } = storeOn(client);
    let outcome: string | undefined = 'waiting';
    const read = store.get('key').then((value) => {
      outcome = value;
    });
    clock.pass(0.049);
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toBe('waiting');
    clock.pass(0.001);
    await read;
    expect(outcome).toBeUndefined();
  });

  test('after that Redis is left alone for 1 s: the next callers lose no time', async () => {
    const client = new SlowClient();
    const { store, clock } = storeOn(client);
    const first = store.get('key');
    clock.pass(0.05);
    await first;
    clock.pass(0.999);
    expect(await store.get('key')).toBeUndefined();
    expect(client.sent).toBe(1);
    clock.pass(0.001);
    const next = store.get('key');
    expect(client.sent).toBe(2);
    await client.reply();
    expect(await next).toBe('value');
  });

  test('a reply in time leaves no timer behind', async () => {
    const client = new SlowClient();
    const { store, clock } = storeOn(client);
    const read = store.get('key');
    await client.reply();
    expect(await read).toBe('value');
    expect(clock.waiting).toBe(0);
  });

  test('writes are not waited for, and dropped when too many have no reply', async () => {
    const client = new SlowClient();
    const { store } = storeOn(client, { maxPending: 10 });
    for (let count = 0; count < 1_000; count += 1) store.set(`key ${count}`, 'value', 1_000);
    expect(client.sent).toBe(10);
    expect(await store.get('key')).toBeUndefined();
    await client.reply();
    store.delete('key');
    expect(client.sent).toBe(11);
  });

  test('without a connection nothing is sent', async () => {
    const client = new SlowClient();
    client.isReady = false;
    const { store } = storeOn(client);
    store.set('key', 'value', 1_000);
    expect(await store.get('key')).toBeUndefined();
    expect(client.sent).toBe(0);
  });

  test('a client that throws or rejects is a miss', async () => {
    for (const fail of [() => Promise.reject(new Error('closed')), () => failing()]) {
      const store = new RedisCacheStore({}, { client: { sendCommand: fail } });
      store.set('key', 'value', 1_000);
      store.delete('key');
      expect(await store.get('key')).toBeUndefined();
    }
  });
});

function failing(): never {
  throw new Error('closed');
}
