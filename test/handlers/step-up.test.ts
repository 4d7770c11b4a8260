import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { requireAuthentication, SecurityChain } from '@sallyport/core';
import { AuthorizationServer, ask, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { STEP_UP_VECTORS } from '../support/step-up-vectors.js';

const outbound = { allowInsecureLoopback: true };
const START = new ManualClock().now();

let server: AuthorizationServer;
beforeAll(async () => {
  server = await AuthorizationServer.start({ clock: new ManualClock() });
});
afterAll(() => server.close());

function jwt(clock: ManualClock) {
  const { issuer, audience, jwksUri } = server;
  const keys = { jwksUri, outbound };
  return new JwtHandler({ realm: 'api', issuers: [{ issuer, audience, algorithms: 'ES256', keys }] }, { clock });
}

function introspection(clock: ManualClock) {
  const { clientId, clientSecret, introspectionEndpoint: endpoint, audience } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  return new IntrospectionHandler({ realm: 'api', endpoint, audience, clientAuthentication, outbound }, { clock });
}

describe.each([
  ['the claims of a JWT [RFC 9068 2.2.1, RFC 9470 6.1]', jwt, false],
  ['an introspection answer [RFC 9470 6.2]', introspection, true],
] as const)('a step-up by %s', (_what, makeHandler, opaque) => {
  test.each(STEP_UP_VECTORS.map((vector) => [vector.why, vector] as const))('%s', async (_why, vector) => {
    const { demand, login, nowMs = 0, challenge } = vector;
    const clock = new ManualClock(START + nowMs);
    const authTime = login.authTime ?? (login.ageSeconds === undefined ? undefined : START / 1_000 - login.ageSeconds);
    const claims = {
      ...(login.acr === undefined ? {} : { acr: login.acr }),
      ...(authTime === undefined ? {} : { auth_time: authTime }),
    };
    const chain = new SecurityChain(
      { requirement: makeHandler(clock), guards: [requireAuthentication(demand, { clock })] },
      { clock },
    );
    const parts = await server.as({ subject: 'alice', claims }, { opaque });
    // The second time, the verdict is remembered.
    for (const _time of [1, 2]) {
      const { status, challenges } = await ask(chain, '/', parts);
      expect([
        status,
        challenges.map((line) => line.slice(line.indexOf('error_description')).split('", ').slice(1).join('", ')),
      ]).toEqual(challenge === undefined ? [200, []] : [401, [challenge]]);
    }
    await chain.close();
  });

  test('a login grows too old while the verdict is remembered', async () => {
    const clock = new ManualClock();
    const chain = new SecurityChain(
      { requirement: makeHandler(clock), guards: [requireAuthentication({ maxAgeSeconds: 10 }, { clock })] },
      { clock },
    );
    const parts = await server.as({ subject: 'alice', authenticatedAt: START / 1_000 - 5 }, { opaque });
    expect((await ask(chain, '/', parts)).status).toBe(200);
    clock.pass(5);
    expect((await ask(chain, '/', parts)).status).toBe(200);
    clock.pass(1);
    expect(await ask(chain, '/', parts)).toMatchObject({ status: 401, reason: 'insufficient_user_authentication' });
    await chain.close();
  });
});
