import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Fleet, type FleetCall, Instance } from '../support/fleet.js';
import { FleetLoad } from '../support/fleet-load.js';
import { isNightly } from '../support/nightly.js';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';

const describeWithRedis = HAS_REDIS ? describe : describe.skip;
/** On the real clock only at night: by day other tests keep the machine busy. */
const SIZE = isNightly
  ? { sessions: 10_000, ended: 1_000, lateMs: 1_000 }
  : { sessions: 100, ended: 20, lateMs: 30_000 };
jest.setTimeout(isNightly ? 600_000 : 120_000);
const WIDTH = isNightly ? 32 : 8;

/** What oidc-provider has issued to the user of a session. */
interface Session {
  readonly accountId: string;
  readonly sid: string;
  readonly token: string;
}

describeWithRedis(
  HAS_REDIS ? 'four processes, one Redis and oidc-provider' : 'skipped: there is no redis-server',
  () => {
    let redis: RedisServer;
    let server: Instance;
    let fleet: Fleet;

    beforeAll(async () => {
      redis = await RedisServer.start();
      const shown = {
        issuer: 'https://login.example',
        audience: 'https://orders.example/api',
        clientId: 'orders',
        clientSecret: 'a secret',
      };
      server = await Instance.start('test/authorization-servers/oidc-logins.js', shown);
      const { origin } = server;
      fleet = await Fleet.start('test/cluster/api-instance.js', {
        ...shown,
        jwksUri: `${origin}/jwks`,
        introspectionEndpoint: `${origin}/token/introspection`,
        secret: 'a secret that all instances share, 1',
        hookSecret: 'a secret of the hooks, of 32 bytes',
        redisPort: redis.port,
        logoutClients: ['shop'],
      });
      await fleet.instances[0]?.order('establish');
      await server.order(
        'deliverTo',
        fleet.instances.map((instance) => instance.origin),
      );
    });

    afterAll(async () => {
      await fleet?.stop();
      await server?.stop();
      await redis.stop();
    });

    /** Two sessions of each user: half of them with JWTs, the others with opaque tokens. */
    async function sessions(count: number): Promise<readonly Session[]> {
      const begun: Session[] = [];
      for (let index = 0; index < count; index += 1) {
        const accountId = `user-${Math.floor(index / 2)}`;
        const resource = index % 4 < 2 ? 'urn:orders:jwt' : 'urn:orders:opaque';
        begun.push({ accountId, ...(await server.order<Omit<Session, 'accountId'>>('begin', accountId, resource)) });
      }
      return begun;
    }

    /** When the API has taken the logout. What it could not share is sent again, as an issuer does after 503. */
    async function ended({ accountId, sid }: Session): Promise<number> {
      const tried: number[] = [];
      while (tried.length < 50) {
        const { status, atMs } = await server.order<{ status: number; atMs: number }>('end', accountId, sid);
        if (status === 200) return atMs;
        tried.push(status);
      }
      throw new Error(`the logout was never taken: ${tried}`);
    }

    const call = ({ token }: Session): FleetCall => ({
      path: '/orders',
      headers: { authorization: `Bearer ${token}` },
    });

    test(`${SIZE.ended} of ${SIZE.sessions} sessions end by back-channel logout under load: no token of them is accepted ${SIZE.lateMs} ms later, no other is refused`, async () => {
      const all = await sessions(SIZE.sessions);
      const ending = new Set<Session>();
      const endedAtMs = new Map<Session, number>();
      const accepted = new Set<Session>();
      const wrong: object[] = [];
      let refused = 0;
      const load = new FleetLoad<Session>(fleet, {
        width: WIDTH,
        // Each process is asked about each token: there is one step more after each round.
        next: (turn) => all[(turn + Math.floor(turn / all.length)) % all.length] as Session,
        call,
        seen: ({ subject, status, sentMs }) => {
          const atMs = endedAtMs.get(subject);
          if (status === 200) {
            accepted.add(subject);
            if (atMs !== undefined && sentMs > atMs + SIZE.lateMs) wrong.push({ status, lateMs: sentMs - atMs });
          } else if (status === 401 && ending.has(subject)) refused += 1;
          // By day the machine may be too busy for an answer in time.
          else if (isNightly || status !== 503) wrong.push({ status, isEnded: atMs !== undefined });
        },
      });
      try {
        // All tokens are remembered before the first session ends: that is what a logout has to undo.
        await loaded(() => load.sent > 2 * all.length);
        // Every fifth, and so never both sessions of a user at once.
        const step = Math.floor(all.length / SIZE.ended);
        for (let index = 0; index < SIZE.ended; index += 1) {
          const session = all[index * step] as Session;
          ending.add(session);
          endedAtMs.set(session, await ended(session));
        }
        const { sent } = load;
        await loaded(() => load.sent > sent + 2 * all.length);
      } finally {
        await load.end();
      }
      expect(wrong).toEqual([]);
      expect(accepted.size).toBe(all.length);
      expect(refused).toBeGreaterThan(SIZE.ended);
    });
  },
);

/** Waits for what the load brings about, which takes as long as the machine needs. */
async function loaded(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}
