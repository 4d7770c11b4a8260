import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { ask, ManualClock } from '@sallyport/core/testing';
import { ApiKeyHandler } from '@sallyport/handlers/api-key';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { RedisApiKeyStore, redisApiKeys } from '@sallyport/handlers/redis';
import { apiKeyStoreRules } from '@sallyport/handlers/testing';
import { CLIENTS, type Connections } from '../../support/redis-clients.js';
import { type Client, HAS_REDIS, RedisServer } from '../../support/redis-server.js';
import { KeysUnderTest, OLD_SECRET, SECRET } from './api-key-fixture.js';

const withRedis = HAS_REDIS ? describe : describe.skip;
const needs = HAS_REDIS ? '' : ' (skipped: no redis-server here)';

withRedis(`the store in Redis${needs}`, () => {
  let server: RedisServer;
  let client: Client;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await client.sendCommand(['FLUSHALL']);
  });

  const storeOf = (secret: string | readonly string[] = SECRET, clock = new ManualClock()) =>
    new RedisApiKeyStore({ secret, timeoutMs: 1_000 }, { client, clock });
  const keysIn = (clock = new ManualClock(), secret: string | readonly string[] = SECRET) =>
    new KeysUnderTest({ store: storeOf(secret, clock) }, { clock });

  describe.each(CLIENTS.slice(0, 2))('by %s', (_name, connect) => {
    let connections: Connections;
    beforeAll(async () => {
      connections = await connect(server.port);
    });
    afterAll(async () => {
      await connections.close();
    });

    const rules = apiKeyStoreRules(() => ({
      store: new RedisApiKeyStore({ secret: SECRET, timeoutMs: 1_000 }, { client: connections.client }),
      pass() {},
    }));
    for (const { title, check } of rules) test(title, check);
  });

  test('keeps nothing of a key but its id in clear', async () => {
    const keys = keysIn();
    const { text, id } = await keys.issue({
      label: 'CI of orders',
      scopes: ['orders:read'],
      claims: { tenant: 'north' },
    });
    await keys.send(text);
    const dump = await server.dump(client);
    expect(dump).toContain(id);
    for (const secret of [text.slice(17, 60), 'web-shop', 'CI of orders', 'orders:read', 'north', SECRET]) {
      expect(dump).not.toContain(secret);
    }
  });

  test('has a change seen by others within a second, also for keys that they remember', async () => {
    const clock = new ManualClock();
    const [one, other] = [keysIn(clock), keysIn(clock)];
    const { text, id } = await one.issue();
    expect(await other.send(text)).toBe('200');
    await one.handler.keys.revoke(id);
    expect(await one.send(text)).toBe('401 api_key_revoked');
    clock.pass(1);
    // The first request asks for changes in the background, and does not wait for the answer.
    await other.send(text);
    while (other.store.changes === 0) await new Promise(setImmediate);
    expect(await other.send(text)).toBe('401 api_key_revoked');
  });

  test('opens what either live secret encrypted, and encrypts with the first', async () => {
    const old = keysIn(undefined, OLD_SECRET);
    const { id } = await old.issue();
    const both = storeOf([SECRET, OLD_SECRET]);
    expect(await both.find(id)).toMatchObject({ id, revision: 1 });
    await new ApiKeyHandler({ prefix: 'acme', secret: [SECRET, OLD_SECRET], store: both }).keys.rotate(id);
    expect(await storeOf(SECRET).find(id)).toMatchObject({ id, revision: 2 });
    await expect(storeOf(OLD_SECRET).find(id)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_BODY' });
  });

  test('takes no record that was moved to another id or revision, or that somebody else wrote (CWE-345)', async () => {
    const keys = keysIn();
    const [one, other] = [await keys.issue(), await keys.issue()];
    const all = 'sallyport:api-key:{records}:all';
    const kept = String(await client.sendCommand(['HGET', all, one.id]));
    for (const forged of [kept, kept.replace('1:', '2:'), `1:${Buffer.from('{}').toString('base64url')}`, 'x']) {
      await client.sendCommand(['HSET', all, other.id, forged]);
      expect(await keysIn().send(other.text)).toBe('503 err_sallyport_upstream_body');
    }
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect((await keys.handler.keys.list()).map(({ id }) => id)).toEqual([one.id]);
    expect(warn.mock.calls.map(String)).toEqual([expect.stringContaining('1 API keys in Redis are of another secret')]);
    warn.mockRestore();
    expect(await keysIn().send(one.text)).toBe('200');
  });

  test('is the store of a configuration file by a kind over the client, with the secret of the keys', async () => {
    const configuration = {
      chain: { requirement: 'partners' },
      handlers: {
        partners: {
          type: 'api-key',
          options: { prefix: 'acme', secret: SECRET, store: { redis: { timeoutMs: 1_000 } } },
        },
      },
    };
    const chain = await chainFrom(configuration, { kinds: { ...builtInHandlers, ...redisApiKeys({ client }) } });
    const [handler] = chain.handlers as unknown as [ApiKeyHandler];
    const { key } = await handler.keys.create({ subject: 'web-shop' });
    const { principal } = await ask(chain, 'GET /', { headers: { 'X-API-Key': key.reveal() } });
    expect(principal?.subject).toBe('web-shop');
    await chain.close();
    expect(await storeOf().list()).toHaveLength(1);
  });

  test('lists thousands of keys', async () => {
    const store = storeOf();
    const [shown] = await Promise.all([keysIn().handler.keys.create({ subject: 'first' })]);
    for (let round = 0; round < 3; round += 1) {
      const ids = Array.from({ length: 500 }, (_, index) => `bulk${round}${String(index).padStart(7, '0')}`);
      await Promise.all(ids.map((id) => store.create({ ...shown.record, id })));
    }
    expect(new Set((await store.list()).map(({ id }) => id)).size).toBe(1_501);
  });
});

withRedis(`a Redis that fails${needs}`, () => {
  test('means 503 for keys that are not remembered, and never a pass; those that are stay so for their time', async () => {
    const server = await RedisServer.start();
    try {
      const client = await server.client();
      const clock = new ManualClock();
      const store = new RedisApiKeyStore({ secret: SECRET, timeoutMs: 500 }, { client });
      const keys = new KeysUnderTest({ store }, { clock });
      const [seen, fresh] = [await keys.issue(), await keys.issue()];
      expect(await keys.send(seen.text)).toBe('200');
      server.freeze();
      expect(await keys.send(fresh.text)).toBe('503 err_sallyport_upstream_timeout');
      expect(await keys.send(fresh.text)).toBe('503 err_sallyport_upstream_circuit_open');
      expect(await keys.send(seen.text)).toBe('200');
      clock.pass(30);
      expect(await keys.send(seen.text)).toMatch(/^503 /);
      server.thaw();
      await server.kill();
      await expect(store.list()).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SALLYPORT_UPSTREAM_/) });
      expect(await keys.send(fresh.text)).toMatch(/^503 err_sallyport_upstream_/);
    } finally {
      server.thaw();
      await server.stop();
    }
  });
});
