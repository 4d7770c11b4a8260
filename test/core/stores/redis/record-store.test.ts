import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RedisRecordStore } from '@sallyport/core/redis';
import { type Client, HAS_REDIS, RedisServer } from '../../../support/redis-server.js';

const SECRET = 'a secret that all instances share, 1';
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'records in a Redis server' : 'skipped: there is no redis-server to start', () => {
  let server: RedisServer;
  let client: Client;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = await server.client();
  });
  afterAll(() => server.stop());
  beforeEach(() => client.flushAll());

  const open = (records = 'badge', secret = SECRET) =>
    new RedisRecordStore({ records, secret, timeoutMs: 1_000 }, { client });

  test('come back as they were, with what was noted of them', async () => {
    const store = open();
    const record = { id: 'b-17', revision: 1, text: '{"owner":"ünï 🔐"}' };
    expect(await store.create(record)).toBe(true);
    await store.note('b-17', 7);
    expect(await store.find('b-17')).toEqual({ ...record, noted: 7 });
    expect(await store.list()).toEqual({ records: [{ ...record, noted: 7 }], unreadable: 0 });
  });

  test('do not open under another id or revision, also if their text does not tell (CWE-345)', async () => {
    const store = open();
    for (const id of ['one', 'other']) await store.create({ id, revision: 1, text: 'good' });
    const all = 'sallyport:badge:{records}:all';
    const sealed = String(await client.hGet(all, 'one'));
    for (const moved of [sealed, sealed.replace('1:', '2:')]) {
      await client.hSet(all, moved === sealed ? 'other' : 'one', moved);
      await expect(store.find(moved === sealed ? 'other' : 'one')).rejects.toMatchObject({
        code: 'ERR_SALLYPORT_UPSTREAM_BODY',
      });
    }
    expect(await store.list()).toEqual({ records: [], unreadable: 2 });
  });

  test('of different kinds and secrets do not meet', async () => {
    await open().create({ id: 'one', revision: 1, text: 'a badge' });
    expect(await open('ticket').find('one')).toBeUndefined();
    await expect(open('badge', 'a secret that nobody else has, really').find('one')).rejects.toMatchObject({
      code: 'ERR_SALLYPORT_UPSTREAM_BODY',
    });
  });
});
