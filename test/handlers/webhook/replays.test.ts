import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { MemoryOnceStore } from '@sallyport/core';
import type { OnceStore } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import type { WebhookHandlerOptions } from '@sallyport/handlers/webhook';
import { fromGithub, fromStripe, OLD_SECRET, Receiver, SECRET } from './deliveries.js';

const BODY = '{"id":"evt_1"}';
const REPLAYED = '401 webhook_replayed';

afterEach(() => void jest.restoreAllMocks());

describe('a delivery of a scheme with a time', () => {
  test('is granted once: the same bytes again are a replay (CWE-294)', async () => {
    const receiver = new Receiver({});
    const delivery = fromStripe(BODY, receiver.now, SECRET);
    expect(await receiver.receive(delivery, BODY)).toBe('200');
    expect(await receiver.receive(delivery, BODY)).toBe(REPLAYED);
    expect(await receiver.receive(delivery, `${BODY} `)).toBe('401 webhook_signature_mismatch');
  });

  test('of many at once, exactly one is granted', async () => {
    const receiver = new Receiver({});
    const delivery = fromStripe(BODY, receiver.now, SECRET);
    const answers = await Promise.all(Array.from({ length: 20 }, () => receiver.receive(delivery, BODY)));
    expect(answers.filter((answer) => answer === '200')).toHaveLength(1);
    expect(answers.filter((answer) => answer === REPLAYED)).toHaveLength(19);
  });

  test('is granted when the vendor tries again, because each attempt is signed anew', async () => {
    const receiver = new Receiver({});
    expect(await receiver.receive(fromStripe(BODY, receiver.now, SECRET), BODY)).toBe('200');
    receiver.clock.pass(1);
    expect(await receiver.receive(fromStripe(BODY, receiver.now, SECRET), BODY)).toBe('200');
  });

  test('is remembered for as long as its time would be accepted, to the last second', async () => {
    const receiver = new Receiver({ toleranceSeconds: 300 });
    const ahead = fromStripe(BODY, receiver.now + 300, SECRET);
    expect(await receiver.receive(ahead, BODY)).toBe('200');
    receiver.clock.pass(600);
    expect(await receiver.receive(ahead, BODY)).toBe(REPLAYED);
    receiver.clock.pass(1);
    expect(await receiver.receive(ahead, BODY)).toBe('401 webhook_too_old');
  });

  test('is a replay with fewer, more or other right signatures, too', async () => {
    const receiver = new Receiver({ secrets: [SECRET, OLD_SECRET] });
    const { now } = receiver;
    expect(await receiver.receive(fromStripe(BODY, now, SECRET, OLD_SECRET), BODY)).toBe('200');
    for (const secrets of [[SECRET], [OLD_SECRET], [OLD_SECRET, SECRET], [SECRET, 'another secret']]) {
      expect(await receiver.receive(fromStripe(BODY, now, ...secrets), BODY)).toBe(REPLAYED);
    }
  });

  test('is marked only when its signature is right: nobody marks a delivery before it comes', async () => {
    const marked: string[] = [];
    const store: OnceStore = { mark: (key) => marked.push(key) > 0 };
    const receiver = new Receiver({}, store);
    const { now } = receiver;
    expect(await receiver.receive(fromStripe(BODY, now, 'another secret'), BODY)).toBe(
      '401 webhook_signature_mismatch',
    );
    expect(await receiver.receive(fromStripe(BODY, now - 301, SECRET), BODY)).toBe('401 webhook_too_old');
    expect(marked).toEqual([]);
    expect(await receiver.receive(fromStripe(BODY, now, SECRET), BODY)).toBe('200');
    expect(marked).toHaveLength(1);
  });

  test("passes again with `replays: 'allow'`, and no store is asked", async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const receiver = new Receiver({ replays: 'allow' }, { mark: () => Promise.reject(new Error('never asked')) });
    const delivery = fromStripe(BODY, receiver.now, SECRET);
    expect(await receiver.receive(delivery, BODY)).toBe('200');
    expect(await receiver.receive(delivery, BODY)).toBe('200');
  });
});

describe('a delivery of a scheme without a time', () => {
  test('passes again, because GitHub and Shopify repeat the same bytes when a delivery has failed', async () => {
    const receiver = new Receiver({ scheme: 'github' });
    expect(await receiver.receive(fromGithub(BODY), BODY)).toBe('200');
    expect(await receiver.receive(fromGithub(BODY), BODY)).toBe('200');
  });

  test("is granted once with `replays: 'refuse'`, whatever identifier is sent: that is not signed", async () => {
    const receiver = new Receiver({ scheme: 'github', replays: 'refuse', replayWindowSeconds: 3_600 });
    expect(await receiver.receive(fromGithub(BODY), BODY)).toBe('200');
    expect(await receiver.receive({ ...fromGithub(BODY), 'X-GitHub-Delivery': 'another' }, BODY)).toBe(REPLAYED);
    expect(await receiver.receive(fromGithub('{}'), '{}')).toBe('200');
    receiver.clock.pass(3_599);
    expect(await receiver.receive(fromGithub(BODY), BODY)).toBe(REPLAYED);
    receiver.clock.pass(1);
    expect(await receiver.receive(fromGithub(BODY), BODY)).toBe('200');
  });

  test('is remembered for a day unless told otherwise', async () => {
    const asked: unknown[] = [];
    const store: OnceStore = { mark: (_key, ttlSeconds, holder) => asked.push([ttlSeconds, holder]) > 0 };
    const receiver = new Receiver({ scheme: 'shopify', name: 'shop', replays: 'refuse', secrets: SECRET }, store);
    const signature = Buffer.from((fromGithub(BODY)['X-Hub-Signature-256'] ?? '').slice(7), 'hex').toString('base64');
    expect(await receiver.receive({ 'X-Shopify-Hmac-SHA256': signature }, BODY)).toBe('200');
    expect(asked).toEqual([[86_400, 'shop']]);
  });
});

describe('instances that share a once store', () => {
  const clock = new ManualClock();
  const receiver = (store: OnceStore, options: Partial<WebhookHandlerOptions> = {}) =>
    new Receiver(options, store, clock);

  test('refuse what another has granted, also while a secret is replaced', async () => {
    const store = new MemoryOnceStore({}, { clock });
    const delivery = fromStripe(BODY, clock.now() / 1_000, SECRET, OLD_SECRET);
    expect(await receiver(store, { secrets: OLD_SECRET }).receive(delivery, BODY)).toBe('200');
    expect(await receiver(store, { secrets: [SECRET, OLD_SECRET] }).receive(delivery, BODY)).toBe(REPLAYED);
    expect(await receiver(store, { secrets: SECRET }).receive(delivery, BODY)).toBe(REPLAYED);
  });

  test('tell handlers of different names apart', async () => {
    const store = new MemoryOnceStore({}, { clock });
    const delivery = fromStripe(BODY, clock.now() / 1_000, SECRET);
    expect(await receiver(store, { name: 'billing' }).receive(delivery, BODY)).toBe('200');
    expect(await receiver(store, { name: 'mail' }).receive(delivery, BODY)).toBe('200');
  });

  test('mark what nobody can tell who reads the store, with the secret of the deployment', async () => {
    const keys: string[] = [];
    const store = { mark: (key: string) => keys.push(key) > 0 };
    const delivery = fromStripe(BODY, clock.now() / 1_000, SECRET);
    const deploymentSecretsCheck = ['the secret of one deployment, of 32', 'the secret of another one, of 32 too'];
    await receiver(store).receive(delivery, BODY);
    for (const deploymentSecret of deploymentSecretsCheck)
      await receiver(store, { deploymentSecret }).receive(delivery, BODY);
    expect(new Set(keys).size).toBe(3);
    await receiver(store, { deploymentSecret: deploymentSecretsCheck }).receive(delivery, BODY);
    expect(keys.slice(3)).toEqual(keys.slice(1, 3));
  });

  test('put neither signature nor secret nor body into keys', async () => {
    const keys: string[] = [];
    const delivery = fromStripe(BODY, clock.now() / 1_000, SECRET);
    await receiver({ mark: (key) => keys.push(key) > 0 }).receive(delivery, BODY);
    expect(keys).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    const raw = Buffer.from(keys[0] ?? '', 'base64url').toString('hex');
    expect(delivery['Stripe-Signature']).not.toContain(raw);
  });
});

describe('a once store that cannot tell is an outage and never a pass', () => {
  const delivered = async (mark: OnceStore['mark'], whileWaiting: (receiver: Receiver) => unknown = () => {}) => {
    const receiver = new Receiver({ storeTimeoutMs: 50 }, { mark });
    const pending = receiver.answer(fromStripe(BODY, receiver.now, SECRET), BODY);
    await new Promise(setImmediate);
    whileWaiting(receiver);
    return pending;
  };

  test.each<[string, OnceStore['mark']]>([
    [
      'throws',
      () => {
        throw new Error(SECRET);
      },
    ],
    ['rejects', () => Promise.reject(new Error(SECRET))],
    ['answers as Redis does', async () => 'OK' as never],
  ])('one that %s', async (_, mark) => {
    const { status, reason, event } = await delivered(mark);
    expect([status, reason]).toEqual([503, 'once_store_unavailable']);
    expect(JSON.stringify(event)).not.toContain(SECRET);
  });

  test('one that never answers', async () => {
    const { status, reason } = await delivered(
      () => new Promise(() => {}),
      ({ clock }) => clock.pass(0.05),
    );
    expect([status, reason]).toEqual([503, 'once_store_unavailable']);
  });

  test('one that is full', async () => {
    const clock = new ManualClock();
    const receiver = new Receiver({}, new MemoryOnceStore({ maxEntries: 2 }, { clock }), clock);
    const send = (body: string) => receiver.receive(fromStripe(body, receiver.now, SECRET), body);
    expect([await send('1'), await send('2'), await send('1')]).toEqual([
      '200',
      '503 once_store_unavailable',
      REPLAYED,
    ]);
  });
});
