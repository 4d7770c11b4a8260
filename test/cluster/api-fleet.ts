import { randomBytes } from 'node:crypto';
import { AuthorizationServer } from '@sallyport/core/testing';
import { fromStripe } from '../handlers/webhook/deliveries.js';
import { Fleet, type FleetCall } from '../support/fleet.js';
import { isNightly } from '../support/nightly.js';

/** A person who has a token. Tests look for these texts in what Redis keeps. */
export interface Holder {
  readonly subject: string;
  readonly email: string;
  readonly token: string;
}

/** Four processes of one API that share a Redis, and the authorization server that issues their tokens. */
export class ApiFleet {
  readonly fleet: Fleet;
  readonly server: AuthorizationServer;
  readonly hookSecret: string;

  private constructor(fleet: Fleet, server: AuthorizationServer, hookSecret: string) {
    this.fleet = fleet;
    this.server = server;
    this.hookSecret = hookSecret;
  }

  /** `redis` says where the processes find it: `{ redisPort }`, or `{ redisNodes }` of a Cluster. */
  static async start(redis: object, processes?: number): Promise<ApiFleet> {
    const server = await AuthorizationServer.start();
    const { issuer, audience, jwksUri, introspectionEndpoint, clientId, clientSecret } = server;
    const hookSecret = randomBytes(24).toString('base64url');
    const tokens = { issuer, audience, jwksUri, introspectionEndpoint, clientId, clientSecret };
    const others = { isNightly, secret: 'a secret that all instances share, 1', hookSecret };
    try {
      const fleet = await Fleet.start('test/cluster/api-instance.js', { ...redis, ...tokens, ...others }, processes);
      await fleet.instances[0]?.order('establish');
      return new ApiFleet(fleet, server, hookSecret);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** Half of the tokens are JWTs, the others are opaque. */
  async holders(count: number): Promise<readonly Holder[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const subject = `holder-${index}-${randomBytes(6).toString('hex')}`;
        const email = `${subject}@people.example`;
        const { bearer } = await this.server.as({ subject, claims: { email } }, { opaque: index % 2 === 1 });
        return { subject, email, token: bearer };
      }),
    );
  }

  call({ token }: Pick<Holder, 'token'>): FleetCall {
    return { path: '/orders', headers: { authorization: `Bearer ${token}` } };
  }

  /** A delivery of a webhook, which may be accepted once. */
  delivery(body: string): FleetCall {
    const headers = fromStripe(body, Math.floor(Date.now() / 1_000), this.hookSecret);
    return { method: 'POST', path: '/hooks', headers, body };
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.server.close();
  }
}
