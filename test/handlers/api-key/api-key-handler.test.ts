import crypto from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Revocations } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { KeysUnderTest, ObservedStore, OLD_SECRET, SECRET } from './api-key-fixture.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Another text of the right form and checksum, with the id of a key if one is given. */
async function stranger(id?: string): Promise<string> {
  const { KeyFormat } = await import('../../../packages/handlers/src/api-key/form/key-format.js');
  return new KeyFormat('acme').issue(id).text;
}

describe('a key', () => {
  test('lets in whom it was made for, with scopes, roles and claims', async () => {
    const keys = new KeysUnderTest();
    const { text, id } = await keys.issue({
      ...{ kind: 'workload', clientId: 'shop', scopes: ['orders:read'], roles: ['clerk'], claims: { tenant: 7 } },
      expiresAt: keys.now + 60,
    });
    const { principal } = await keys.answer(text);
    expect(principal).toMatchObject({
      ...{ kind: 'workload', subject: 'web-shop', clientId: 'shop', scopes: ['orders:read'], roles: ['clerk'] },
      ...{ issuedAt: keys.now, expiresAt: keys.now + 60, via: [{ handler: 'api-key', scheme: 'apikey' }] },
    });
    expect(principal?.claims).toEqual({ tenant: 7, jti: id });
  });

  test('cannot choose its own id by a claim: revocations would miss it', async () => {
    const keys = new KeysUnderTest();
    const { text, id } = await keys.issue({ claims: { jti: 'another' } });
    expect((await keys.answer(text)).principal?.claims['jti']).toBe(id);
  });

  test('is refused in a wrong form or with a wrong checksum, and the store is not asked', async () => {
    const asked: string[] = [];
    const keys = new KeysUnderTest({ store: new ObservedStore((id) => asked.push(id)) });
    const { text } = await keys.issue();
    const wrong = [
      ...['', 'x', `${text}0`, text.slice(0, -1), text.toUpperCase(), `other${text.slice(4)}`, 'x'.repeat(9_000)],
      text.slice(0, -1) + (text.endsWith('0') ? '1' : '0'),
    ];
    for (const each of wrong) expect(await keys.send(each)).toBe('401 api_key_malformed');
    expect(asked).toEqual([]);
  });

  test('is refused if nobody issued it, whether its id is known or not, with the same answer', async () => {
    const keys = new KeysUnderTest();
    const { text, id } = await keys.issue();
    const answers = await Promise.all([stranger(), stranger(id)].map(async (each) => keys.answer(await each)));
    expect(answers.map(({ reason }) => reason)).toEqual(['api_key_unknown', 'api_key_unknown']);
    expect(answers[0]?.headers).toEqual(answers[1]?.headers);
    expect(answers[0]?.body).toBe(answers[1]?.body);
    expect(answers.map(({ event }) => event.steps[0]?.detail)).toEqual([
      'there is no key of this id',
      'there is a key of this id, with another secret',
    ]);
    expect(await keys.send(text)).toBe('200');
  });

  test('ends to the second, also while it is remembered', async () => {
    const keys = new KeysUnderTest({ cache: { ttlSeconds: 600 } });
    const { text } = await keys.issue({ expiresAt: keys.now + 60 });
    keys.clock.pass(59);
    expect(await keys.send(text)).toBe('200');
    keys.clock.pass(0.999);
    expect(await keys.send(text)).toBe('200');
    keys.clock.pass(0.001);
    expect(await keys.send(text)).toBe('401 api_key_expired');
  });

  test('sent twice is refused with 400 (RFC 6750 2 by analogy)', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    const answer = await ask(keys.chain, 'GET /', { headers: { 'X-API-Key': [text, text] } });
    expect([answer.status, answer.reason]).toEqual([400, 'duplicate_credentials']);
  });

  test('is asked for by a challenge that names the header (RFC 9110 11.6.1)', async () => {
    const keys = new KeysUnderTest({ header: 'X-Partner-Key', realm: 'orders' });
    const { status, challenges } = await ask(keys.chain, 'GET /');
    expect([status, challenges]).toEqual([401, ['ApiKey realm="orders", header="X-Partner-Key"']]);
  });
});

describe('the hashes of keys', () => {
  test('are all that the store holds: neither a key nor the secret of the deployment', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    const kept = inspect(await keys.store.list(), { depth: Number.POSITIVE_INFINITY });
    for (const secret of [text, text.slice(17, 60), SECRET]) expect(kept).not.toContain(secret);
    const plain = crypto.createHash('sha256').update(text).digest('base64url');
    expect(kept).not.toContain(plain);
  });

  test('of another deployment open nothing', async () => {
    const store = new MemoryApiKeyStore();
    const { text } = await new KeysUnderTest({ store }).issue();
    expect(await new KeysUnderTest({ store, secret: OLD_SECRET }).send(text)).toBe('401 api_key_unknown');
  });

  test('of the secret that is replaced are read, and new ones are made with the first', async () => {
    const store = new MemoryApiKeyStore();
    const old = await new KeysUnderTest({ store, secret: OLD_SECRET }).issue();
    const both = new KeysUnderTest({ store, secret: [SECRET, OLD_SECRET] });
    const young = await both.issue();
    expect([await both.send(old.text), await both.send(young.text)]).toEqual(['200', '200']);
    const after = new KeysUnderTest({ store, secret: SECRET });
    expect([await after.send(young.text), await after.send(old.text)]).toEqual(['200', '401 api_key_unknown']);
  });

  test('are compared in constant time, equally often whatever is sent (CWE-208)', async () => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    const keys = new KeysUnderTest({ secret: [SECRET, OLD_SECRET], cache: { ttlSeconds: 0, negativeTtlSeconds: 0 } });
    const { text, id } = await keys.issue();
    const rotated = await keys.handler.keys.rotate(id);
    for (const each of [text, rotated?.key.reveal() ?? '', await stranger(), await stranger(id)]) {
      compare.mockClear();
      await keys.send(each);
      expect(compare).toHaveBeenCalledTimes(4);
    }
  });
});

describe('a rotated key', () => {
  test('has two texts until the overlap ends, to the second, also while they are remembered', async () => {
    const keys = new KeysUnderTest({ cache: { ttlSeconds: 600 } });
    const { text: old, id } = await keys.issue();
    const { key } = (await keys.handler.keys.rotate(id, { overlapSeconds: 60 })) ?? {};
    const young = key?.reveal() ?? '';
    expect([await keys.send(old), await keys.send(young)]).toEqual(['200', '200']);
    expect((await keys.answer(old)).principal?.expiresAt).toBe(keys.now + 60);
    expect((await keys.answer(young)).principal?.expiresAt).toBeUndefined();
    keys.clock.pass(59.999);
    expect(await keys.send(old)).toBe('200');
    keys.clock.pass(0.001);
    expect([await keys.send(old), await keys.send(young)]).toEqual(['401 api_key_replaced', '200']);
  });

  test('without an overlap has only the new text at once', async () => {
    const keys = new KeysUnderTest();
    const { text: old, id } = await keys.issue();
    expect(await keys.send(old)).toBe('200');
    const rotated = await keys.handler.keys.rotate(id, { overlapSeconds: 0 });
    expect([await keys.send(old), await keys.send(rotated?.key.reveal() ?? '')]).toEqual([
      '401 api_key_unknown',
      '200',
    ]);
  });

  test('has no third text: another rotation ends the first', async () => {
    const keys = new KeysUnderTest();
    const { text: first, id } = await keys.issue();
    const second = (await keys.handler.keys.rotate(id))?.key.reveal() ?? '';
    const third = (await keys.handler.keys.rotate(id))?.key.reveal() ?? '';
    const answers = await Promise.all([first, second, third].map((each) => keys.send(each)));
    expect(answers).toEqual(['401 api_key_unknown', '200', '200']);
  });

  test('keeps what it lets its holder do, and its end', async () => {
    const keys = new KeysUnderTest();
    const { id } = await keys.issue({ scopes: ['a'], expiresAt: keys.now + 10 });
    const rotated = await keys.handler.keys.rotate(id, { overlapSeconds: 60 });
    const text = rotated?.key.reveal() ?? '';
    expect((await keys.answer(text)).principal).toMatchObject({ scopes: ['a'], expiresAt: keys.now + 10 });
    keys.clock.pass(10);
    expect(await keys.send(text)).toBe('401 api_key_expired');
  });
});

describe('a revoked key', () => {
  test('is refused at once where the store tells changes, also while it is remembered', async () => {
    const keys = new KeysUnderTest({ cache: { ttlSeconds: 600 } });
    const { text, id } = await keys.issue();
    expect(await keys.send(text)).toBe('200');
    await keys.handler.keys.revoke(id);
    expect(await keys.send(text)).toBe('401 api_key_revoked');
  });

  test('is refused when what is remembered ends, where the store tells no changes', async () => {
    const keys = new KeysUnderTest({ store: new ObservedStore(() => {}), cache: { ttlSeconds: 10 } });
    const { text, id } = await keys.issue();
    expect(await keys.send(text)).toBe('200');
    await keys.handler.keys.revoke(id);
    expect(await keys.send(text)).toBe('200');
    keys.clock.pass(10);
    expect(await keys.send(text)).toBe('401 api_key_revoked');
  });

  test('is refused at once by all who share the revocations', async () => {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    const store = new ObservedStore(() => {});
    const [here, there] = [
      new KeysUnderTest({ store }, { clock, revocations }),
      new KeysUnderTest({ store }, { clock, revocations }),
    ];
    const { text, id } = await here.issue();
    const other = await here.issue();
    expect([await here.send(text), await there.send(text), await there.send(other.text)]).toEqual([
      '200',
      '200',
      '200',
    ]);
    await here.handler.keys.revoke(id);
    expect([await here.send(text), await there.send(text)]).toEqual(['401 token_revoked', '401 token_revoked']);
    expect(await there.send(other.text)).toBe('200');
  });

  test('cannot be rotated back to life, and a deleted one is unknown', async () => {
    const keys = new KeysUnderTest();
    const { text, id } = await keys.issue();
    await keys.handler.keys.revoke(id);
    expect(await keys.handler.keys.rotate(id)).toBeUndefined();
    expect(await keys.handler.keys.delete(id)).toBe(true);
    expect(await keys.send(text)).toBe('401 api_key_unknown');
    expect(await keys.handler.keys.delete(id)).toBe(false);
  });

  test('of a subject or client ends what was made before, and not what is made later', async () => {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    const keys = new KeysUnderTest({}, { clock, revocations });
    const [ofSubject, ofClient, other] = [
      await keys.issue({ subject: 'mallory' }),
      await keys.issue({ clientId: 'shop' }),
      await keys.issue(),
    ];
    const texts = [ofSubject.text, ofClient.text, other.text];
    for (const text of texts) expect(await keys.send(text)).toBe('200');
    await revocations.revokeSubject('mallory');
    await revocations.revokeClient('shop');
    const answers = await Promise.all(texts.map((text) => keys.send(text)));
    expect(answers).toEqual(['401 token_revoked', '401 token_revoked', '200']);
    clock.pass(1);
    const rotated = await keys.handler.keys.rotate(ofSubject.id);
    expect(await keys.send(rotated?.key.reveal() ?? '')).toBe('200');
  });

  test('is not kept when it is revoked during its lookup', async () => {
    const store = new MemoryApiKeyStore();
    const keys = new KeysUnderTest({ store });
    const { text, id } = await keys.issue();
    const find = jest.spyOn(store, 'find').mockImplementationOnce((async () => {
      const found = store.find(id);
      await keys.handler.keys.revoke(id);
      return found;
    }) as never);
    expect(await keys.send(text)).toBe('200');
    expect(find).toHaveBeenCalled();
    expect(await keys.send(text)).toBe('401 api_key_revoked');
  });
});

describe('a store that cannot answer', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
      'dependency_failed',
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' })), 'econnrefused'],
  ])('that %s means 503, and nothing is remembered', async (_what, fail, reason) => {
    let isDown = true;
    const keys = new KeysUnderTest({ store: new ObservedStore(() => (isDown ? fail() : undefined)) });
    const { text } = await keys.issue();
    expect(await keys.send(text)).toBe(`503 ${reason}`);
    isDown = false;
    expect(await keys.send(text)).toBe('200');
  });

  test('that does not answer in time means 503', async () => {
    const keys = new KeysUnderTest({ store: new ObservedStore(() => new Promise(() => {})), storeTimeoutMs: 100 });
    const { text } = await keys.issue();
    const answer = keys.send(text);
    await new Promise(setImmediate);
    keys.clock.pass(0.1);
    expect(await answer).toBe('503 err_sallyport_upstream_timeout');
  });

  test.each([
    ['a text', 'record'],
    ['no hashes', { id: 'AAAAAAAAAAAA', revision: 1, createdAt: 0, subject: 'x', secrets: [] }],
    ['no subject', { id: 'AAAAAAAAAAAA', revision: 1, createdAt: 0, secrets: [{ hash: 'x', createdAt: 0 }] }],
    [
      'an end in milliseconds',
      {
        id: 'AAAAAAAAAAAA',
        revision: 1,
        createdAt: 0,
        subject: 'x',
        expiresAt: 2e12,
        secrets: [{ hash: 'x', createdAt: 0 }],
      },
    ],
  ])('that returns %s means 503', async (_what, record) => {
    const store = Object.assign(new MemoryApiKeyStore(), { find: () => record as never });
    const keys = new KeysUnderTest({ store });
    expect(await keys.send(await stranger())).toBe('503 err_sallyport_upstream_body');
  });

  test('after a key was remembered does not matter until that ends', async () => {
    let isDown = false;
    const fail = () => {
      throw new Error('down');
    };
    const keys = new KeysUnderTest({
      store: new ObservedStore(() => (isDown ? fail() : undefined)),
      cache: { ttlSeconds: 10 },
    });
    const { text } = await keys.issue();
    await keys.send(text);
    isDown = true;
    expect(await keys.send(text)).toBe('200');
    keys.clock.pass(10);
    expect(await keys.send(text)).toBe('503 dependency_failed');
  });
});

describe('lookups', () => {
  test('are one for a key that many send at once, and one for a refused key that comes again', async () => {
    const asked: string[] = [];
    const keys = new KeysUnderTest({ store: new ObservedStore((id) => asked.push(id)) });
    const { text } = await keys.issue();
    await Promise.all(Array.from({ length: 20 }, () => keys.send(text)));
    expect(asked).toHaveLength(1);
    const unknown = await stranger();
    for (let round = 0; round < 3; round += 1) expect(await keys.send(unknown)).toBe('401 api_key_unknown');
    expect(asked).toHaveLength(2);
    expect(keys.handler.statistics.cache).toMatchObject({ misses: 2, joined: 19, negativeHits: 2 });
  });

  test('of a network that floods leave places for others (docs/security-model.md, fair shares)', async () => {
    let letGo: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const keys = new KeysUnderTest({ store: new ObservedStore(() => gate), cache: { maxFlights: 8 } });
    const { text } = await keys.issue();
    const send = async (each: string, remoteAddress: string) =>
      (await ask(keys.chain, 'GET /', { headers: { 'X-API-Key': each }, remoteAddress })).reason ?? 'granted';
    const flood = await Promise.all(Array.from({ length: 20 }, () => stranger()));
    const strangers = flood.map((each) => send(each, '192.0.2.1'));
    const partner = send(text, '198.51.100.1');
    await new Promise(setImmediate);
    letGo();
    expect(await partner).toBe('granted');
    expect(await Promise.all(strangers)).toContain('too_many_lookups');
  });
});

describe('the last use', () => {
  const usedAt = async (keys: KeysUnderTest, id: string) => (await keys.handler.keys.find(id))?.usedAt;

  test('is noted at most once a minute', async () => {
    const keys = new KeysUnderTest({ cache: { ttlSeconds: 1 } });
    const note = jest.spyOn(keys.store, 'noteUse');
    const { text, id } = await keys.issue();
    const began = keys.now;
    expect(await usedAt(keys, id)).toBeUndefined();
    for (let second = 0; second < 121; second += 1) {
      await keys.send(text);
      keys.clock.pass(1);
    }
    expect(note.mock.calls).toEqual([0, 60, 120].map((seconds) => [id, began + seconds]));
    expect(await usedAt(keys, id)).toBe(began + 120);
  });

  test('is noted for good keys only, and by 0 never', async () => {
    const keys = new KeysUnderTest();
    const { id } = await keys.issue();
    await keys.send(await stranger(id));
    expect(await usedAt(keys, id)).toBeUndefined();
    const silent = new KeysUnderTest({ lastUseSeconds: 0 });
    const issued = await silent.issue();
    await silent.send(issued.text);
    expect(await usedAt(silent, issued.id)).toBeUndefined();
  });

  test('holds up no request, and may get lost', async () => {
    const { onApiKeyEvent } = await import('@sallyport/handlers/api-key');
    const events: unknown[] = [];
    const stop = onApiKeyEvent((event) => events.push(event));
    const hanging = Object.assign(new MemoryApiKeyStore(), { noteUse: () => new Promise(() => {}) });
    const keys = new KeysUnderTest({ store: hanging, storeTimeoutMs: 100 });
    expect(await keys.send((await keys.issue()).text)).toBe('200');
    const failing = new KeysUnderTest({
      store: Object.assign(new MemoryApiKeyStore(), {
        noteUse: () => {
          throw Object.assign(new Error('read only'), { code: 'EROFS' });
        },
      }),
    });
    expect(await failing.send((await failing.issue()).text)).toBe('200');
    const closing = keys.handler.close();
    keys.clock.pass(1);
    await closing;
    stop();
    expect(events).toEqual([
      { kind: 'use_not_noted', handler: 'api-key', reason: 'EROFS' },
      { kind: 'use_not_noted', handler: 'api-key', reason: 'ERR_SALLYPORT_UPSTREAM_TIMEOUT' },
    ]);
  });

  test('is no change of the key: remembered keys stay so, and a rotation does not lose it', async () => {
    const keys = new KeysUnderTest();
    const { text, id } = await keys.issue();
    await keys.send(text);
    await keys.send(text);
    expect(keys.handler.statistics.cache).toMatchObject({ misses: 1, hits: 1 });
    await keys.handler.keys.rotate(id);
    expect(await usedAt(keys, id)).toBe(keys.now);
  });
});

describe('nothing secret is shown', () => {
  test('by printing handler, keys, records and answers', async () => {
    const keys = new KeysUnderTest();
    const { key, record } = await keys.handler.keys.create({ subject: 'web-shop' });
    const text = key.reveal();
    const wrong = await stranger();
    const answers = [await keys.answer(text), await keys.answer(wrong), await keys.answer(`${text}x`)];
    const depth = { depth: Number.POSITIVE_INFINITY, showHidden: true };
    const shown = [keys.handler, keys.handler.keys, key, record, answers].map((each) => inspect(each, depth)).join();
    const json = JSON.stringify([keys.handler, key, record, answers]);
    for (const secret of [text, text.slice(17, 60), wrong, SECRET]) expect(shown + json).not.toContain(secret);
  });

  test('by errors: a key where its id is meant is not quoted', async () => {
    const { handler } = new KeysUnderTest();
    const { key } = await handler.keys.create({ subject: 'web-shop' });
    for (const method of ['find', 'rotate', 'revoke', 'delete'] as const) {
      const misused = handler.keys[method](key.reveal());
      await expect(misused).rejects.toThrow(
        /^id must be the id of a key: 12 letters and digits, and not the key itself$/,
      );
    }
  });
});

describe('the options', () => {
  test('need a prefix, a secret of 32 characters and a store', () => {
    const good = { prefix: 'acme', secret: SECRET, store: new MemoryApiKeyStore() };
    expect(() => new ApiKeyHandler({ ...good, secret: 'short' })).toThrow(
      'ApiKeyHandlerOptions.secret must have at least 32 characters',
    );
    expect(() => new ApiKeyHandler({ ...good, store: {} as never })).toThrow(
      'ApiKeyHandlerOptions.store.file must be an object',
    );
    expect(() => new ApiKeyHandler({ ...good, ttlSeconds: 1 } as never)).toThrow('has no option "ttlSeconds"');
    expect(() => new ApiKeyHandler({ ...good, header: 'Authorization' })).toThrow(
      'must not be Authorization or Cookie',
    );
  });

  test('keep the keys of two prefixes apart', async () => {
    const store = new MemoryApiKeyStore();
    const [live, tests] = [
      new KeysUnderTest({ store, prefix: 'acme_live' }),
      new KeysUnderTest({ store, prefix: 'acme_test' }),
    ];
    const { text } = await tests.issue();
    expect([await tests.send(text), await live.send(text)]).toEqual(['200', '401 api_key_malformed']);
  });
});
