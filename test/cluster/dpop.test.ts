import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { DpopClient, EXTERNAL_URL, TOKEN_KEY } from '../handlers/dpop/dpop-fixture.js';
import { AUDIENCE, ISSUER } from '../handlers/jwt/jwt-fixture.js';
import { Fleet, type Instance } from '../support/fleet.js';
import { isNightly } from '../support/nightly.js';
import { type Client, HAS_REDIS, RedisServer, until } from '../support/redis-server.js';

const PROOFS = isNightly ? 1_000 : 25;
const describeWithRedis = HAS_REDIS ? describe : describe.skip;

describeWithRedis(HAS_REDIS ? 'four processes and one Redis' : 'skipped: there is no redis-server to start', () => {
  const owner = new DpopClient();
  const now = Math.floor(Date.now() / 1_000);
  const token = owner.token({ iat: now - 5, exp: now + 3_600 });
  let redis: RedisServer;
  let client: Client;
  let fleet: Fleet;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = await redis.client();
    fleet = await Fleet.start('test/cluster/dpop-instance.js', {
      redisPort: redis.port,
      secret: 'a secret that all instances share, 1',
      issuer: ISSUER,
      audience: AUDIENCE,
      publicKey: TOKEN_KEY.publicKey.export({ type: 'spki', format: 'pem' }),
      externalUrl: EXTERNAL_URL,
    });
    await fleet.instances[0]?.order('establish');
  });
  afterAll(async () => {
    await fleet.stop();
    await redis.stop();
  });

  const proofOf = (nonce?: string) =>
    owner.proof(token, { claims: { iat: Math.floor(Date.now() / 1_000), ...(nonce && { nonce }) } });

  async function send(instance: Instance | undefined, dpop: string) {
    const headers = { authorization: `DPoP ${token}`, dpop };
    const { statusCode: status, headers: answered, body } = await request(`${instance?.origin}/orders`, { headers });
    await body.dump();
    return { status, nonce: answered['dpop-nonce'] as string | undefined };
  }
  const everywhere = async (proof: string) =>
    (await Promise.all(fleet.instances.map((instance) => send(instance, proof)))).map(({ status }) => status);

  /** What a client does (RFC 9449 9): when it is asked for a nonce, it tries once more. Any process may get either request. */
  async function ask(nonce?: string) {
    const [first, second] = [fleet.instances[0], fleet.instances[3]];
    const answer = await send(first, proofOf(nonce));
    return answer.status === 401 && answer.nonce !== undefined ? send(second, proofOf(answer.nonce)) : answer;
  }

  test(`each of ${PROOFS} proofs that are sent to all of them at once is accepted once [RFC 9449 11.1]`, async () => {
    for (let times = 0; times < PROOFS; times += 1) {
      expect((await everywhere(proofOf())).toSorted()).toEqual([200, 401, 401, 401]);
    }
  });

  test('a Redis that loses its marks lets no proof pass twice; clients try once more with a nonce and pass', async () => {
    const used = [proofOf(), proofOf(), proofOf()];
    for (const proof of used) expect((await send(fleet.instances[1], proof)).status).toBe(200);
    await redis.fail(client);
    await until(async () => (await fleet.everywhere<boolean>('isReady')).every(Boolean));
    const replays = async () => (await Promise.all(used.map(everywhere))).flat();
    expect(await replays()).not.toContain(200);
    // A nonce says the second in which it was made, and each part of the marks notices its loss by itself: so it takes a moment.
    await until(async () => {
      const answers = [];
      for (let times = 0; times < 16; times += 1) answers.push((await ask()).status);
      return answers.every((status) => status === 200);
    });
    expect(await replays()).not.toContain(200);
    for (let times = 0; times < 10; times += 1) expect((await ask()).status).toBe(200);
    expect(await replays()).not.toContain(200);
  });
});
