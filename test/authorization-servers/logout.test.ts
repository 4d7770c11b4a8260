import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { Fleet, Instance } from '../support/fleet.js';
import { HAS_REDIS, RedisServer, until } from '../support/redis-server.js';
import { Person } from './person.js';

const describeWithRedis = HAS_REDIS ? describe : describe.skip;
const AUDIENCE = 'https://orders.example/api';
const SECRETS = { secret: 'a secret that all instances share, 1', hookSecret: 'a secret of the hooks, of 32 bytes' };

describeWithRedis(
  HAS_REDIS ? 'oidc-provider, and two processes of an API that share a Redis' : 'skipped: there is no redis-server',
  () => {
    const agent = new Agent();
    let redis: RedisServer;
    let server: Instance;
    let fleet: Fleet;

    beforeAll(async () => {
      redis = await RedisServer.start();
      const shown = {
        issuer: 'https://login.example',
        audience: AUDIENCE,
        clientId: 'orders',
        clientSecret: 'a secret',
      };
      server = await Instance.start('test/authorization-servers/oidc-logins.js', shown);
      const endpoints = {
        jwksUri: `${server.origin}/jwks`,
        introspectionEndpoint: `${server.origin}/token/introspection`,
      };
      const settings = { ...shown, ...endpoints, ...SECRETS, redisPort: redis.port, logoutClients: ['shop', 'till'] };
      fleet = await Fleet.start('test/cluster/api-instance.js', settings, 2);
      await fleet.instances[0]?.order('establish');
      await server.order(
        'deliverTo',
        fleet.instances.map(({ origin }) => origin),
      );
    });

    afterAll(async () => {
      await fleet?.stop();
      await server?.stop();
      await redis.stop();
      await agent.destroy();
    });

    const person = (name: string) => new Person(server.origin, name, agent);

    /** What a token gets at both processes. */
    async function outcomes(token: string): Promise<readonly number[]> {
      const statuses = [];
      for (const { origin } of fleet.instances) {
        const headers = { authorization: `Bearer ${token}` };
        const { statusCode, body } = await request(`${origin}/orders`, { dispatcher: agent, headers });
        await body.dump();
        statuses.push(statusCode);
      }
      return statuses;
    }

    /** The other process hears of it within a second. */
    async function refusedEverywhere(token: string): Promise<boolean> {
      const endMs = Date.now() + 1_000;
      while (Date.now() < endMs) {
        if ((await outcomes(token)).every((status) => status === 401)) return true;
      }
      return (await outcomes(token)).every((status) => status === 401);
    }

    const GOOD = [200, 200];

    test.each([
      ['JWTs', 'urn:orders:jwt'],
      ['opaque tokens', 'urn:orders:opaque'],
    ])(
      '%s of a session end at both when its user logs out there, and those of other sessions stay good',
      async (_kind, resource) => {
        const [phone, laptop, bob] = [person('alice'), person('alice'), person('bob')];
        const tokens = {
          phone: await phone.logIn('shop', resource),
          laptop: await laptop.logIn('shop', resource),
          bob: await bob.logIn('shop', resource),
        };
        for (const token of Object.values(tokens)) expect(await outcomes(token)).toEqual(GOOD);
        await phone.logOut();
        expect(await server.order('failures')).toEqual([]);
        expect(await refusedEverywhere(tokens.phone)).toBe(true);
        expect(await outcomes(tokens.laptop)).toEqual(GOOD);
        expect(await outcomes(tokens.bob)).toEqual(GOOD);
        const again = await phone.logIn('shop', resource);
        expect(await outcomes(again)).toEqual(GOOD);
      },
    );

    test("a client that is told of the user only: all tokens of the user end, and nobody else's", async () => {
      const [phone, laptop, bob] = [person('carol'), person('carol'), person('dave')];
      const resource = 'urn:orders:jwt';
      const tokens = [await phone.logIn('till', resource), await laptop.logIn('till', resource)];
      const other = await bob.logIn('till', resource);
      for (const token of [...tokens, other]) expect(await outcomes(token)).toEqual(GOOD);
      await phone.logOut();
      expect(await server.order('failures')).toEqual([]);
      for (const token of tokens) expect(await refusedEverywhere(token)).toBe(true);
      expect(await outcomes(other)).toEqual(GOOD);
    });

    test('while Redis is away a logout is 503, and the process that was told refuses the tokens all the same', async () => {
      const resource = 'urn:orders:jwt';
      const { token, sid } = await server.order<{ token: string; sid: string }>('begin', 'erin', resource);
      expect(await outcomes(token)).toEqual(GOOD);
      await redis.kill();
      expect(await server.order('end', 'erin', sid)).toMatchObject({ status: 503 });
      expect((await outcomes(token)).filter((status) => status === 401)).toHaveLength(1);
      redis.restart();
      const end = () => server.order<{ status: number }>('end', 'erin', sid);
      // Until marks that may be lost would be over, it is 503 all the same; but it is shared.
      await until(async () => {
        await end();
        return (await outcomes(token)).every((status) => status === 401);
      });
      expect(await refusedEverywhere(token)).toBe(true);
    });
  },
);
