import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { requireRoles, SecurityChain } from '@sallyport/core';
import { AuthorizationServer, ask, ManualClock, type SigningAlgorithm } from '@sallyport/core/testing';
import { IntrospectionHandler, JwtHandler } from '@sallyport/handlers';

const LOOPBACK = { allowInsecureLoopback: true };

let server: AuthorizationServer;
let clock: ManualClock;
let chain: SecurityChain;

async function open(algorithm: SigningAlgorithm = 'ES256', kind: 'jwt' | 'introspection' = 'jwt'): Promise<void> {
  clock = new ManualClock();
  server = await AuthorizationServer.start({ clock, algorithm });
  const { issuer, audience, introspectionEndpoint, clientId, clientSecret } = server;
  const keys = { discovery: true as const, cooldownSeconds: 1, outbound: LOOPBACK };
  const requirement =
    kind === 'jwt'
      ? new JwtHandler({ realm: 'test', issuers: [{ issuer, audience, algorithms: algorithm, keys }] }, { clock })
      : new IntrospectionHandler(
          {
            outbound: LOOPBACK,
            realm: 'test',
            endpoint: introspectionEndpoint,
            audience,
            clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
          },
          { clock },
        );
  chain = new SecurityChain({ requirement }, { clock });
}

afterEach(async () => {
  await chain.close();
  await server.close();
});

describe.each<SigningAlgorithm>(['ES256', 'RS256', 'EdDSA'])('tokens signed with %s', (algorithm) => {
  beforeEach(() => open(algorithm));

  test('bring back the principal that they were made for (RFC 9068 2.2)', async () => {
    const alice = { subject: 'alice', clientId: 'shop', scopes: ['read', 'write'], roles: ['clerk'], acr: 'loa2' };
    const { principal } = await ask(chain, '/', await server.as({ ...alice, claims: { tenant: 'north' } }));
    expect(principal).toMatchObject({ ...alice, issuer: server.issuer, claims: { tenant: 'north' } });
  });

  test('of another key are refused', async () => {
    const { bearer } = await server.as({ subject: 'alice' });
    server.rotateKeys({ withdraw: true });
    expect(await ask(chain, '/', { bearer })).toMatchObject({ status: 401 });
    expect(await ask(chain, '/', await server.as({ subject: 'alice' }))).toMatchObject({ status: 200 });
  });
});

describe('signed tokens', () => {
  beforeEach(() => open());

  test('expire by the clock of the test', async () => {
    const sent = await server.as({ subject: 'alice' });
    expect((await ask(chain, '/', sent)).status).toBe(200);
    clock.pass(306);
    expect((await ask(chain, '/', sent)).status).toBe(401);
  });

  test('may say anything, for tests of what has to be refused', async () => {
    const bearer = server.sign({
      iss: server.issuer,
      sub: 'alice',
      aud: 'https://elsewhere.example',
      exp: 9_999_999_999,
    });
    expect(await ask(chain, '/', { bearer })).toMatchObject({ status: 401 });
  });

  test('work with guards: the whole chain runs', async () => {
    await chain.close();
    chain = new SecurityChain({ requirement: chain.handlers[0], guards: [requireRoles('clerk')] }, { clock });
    expect((await ask(chain, '/', await server.as({ subject: 'alice', roles: ['clerk'] }))).status).toBe(200);
    expect((await ask(chain, '/', await server.as({ subject: 'bob' }))).status).toBe(403);
  });
});

describe('introspection', () => {
  beforeEach(() => open('ES256', 'introspection'));

  test.each([true, false])('knows tokens, opaque (%s) or signed (RFC 7662 2.2)', async (opaque) => {
    const sent = await server.as({ subject: 'alice', scopes: ['read'] }, { opaque });
    expect(sent.bearer.includes('.')).toBe(!opaque);
    expect((await ask(chain, '/', sent)).principal).toMatchObject({ subject: 'alice', scopes: ['read'] });
    expect(server.calls('introspection')).toBe(1);
  });

  test('calls revoked, expired and unknown tokens inactive', async () => {
    const [revoked, expired] = await Promise.all([server.as({ subject: 'a' }), server.as({ subject: 'b' })]);
    server.revoke(revoked.bearer);
    expect((await ask(chain, '/', revoked)).reason).toBe('token_inactive');
    clock.pass(301);
    expect((await ask(chain, '/', expired)).reason).toBe('token_inactive');
    expect((await ask(chain, '/', { bearer: 'unknown' })).reason).toBe('token_inactive');
  });

  test('answers its client only', async () => {
    const form = (secret: string) =>
      new URLSearchParams({ token: 't', client_id: server.clientId, client_secret: secret });
    const status = async (secret: string) =>
      (await fetch(server.introspectionEndpoint, { method: 'POST', body: form(secret) })).status;
    expect([await status(server.clientSecret), await status('wrong')]).toEqual([200, 401]);
    expect((await fetch(`${server.issuer}/nowhere`)).status).toBe(404);
  });

  test.each([
    ['a status', { status: 500 }],
    ['a request to come back later', { status: 503, retryAfterSeconds: 7 }],
    ['no JSON', { body: '<html>' }],
    ['another content type', { body: '{"active":true}', contentType: 'text/html' }],
    ['a broken connection', 'reset'],
  ] as const)('fails on demand with %s: 503, never 401, and works again when repaired', async (_name, fault) => {
    const sent = await server.as({ subject: 'alice' });
    server.breakDown('introspection', fault);
    const deciding = ask(chain, '/', sent);
    // The pause before the second attempt at a broken connection is on the clock, too.
    const passing = setInterval(() => clock.pass(0.02), 5);
    expect((await deciding).status).toBe(503);
    clearInterval(passing);
    server.repair();
    clock.pass(8);
    expect((await ask(chain, '/', sent)).status).toBe(200);
  });

  test('hangs on demand: 503 at the deadline', async () => {
    server.breakDown('introspection', 'hang');
    const deciding = ask(chain, '/', await server.as({ subject: 'alice' }));
    clock.pass(5);
    expect((await deciding).status).toBe(503);
  });
});

describe('wrong use is told at once: a test would wait for what never comes', () => {
  beforeEach(() => open());

  test.each<[string, () => unknown, string]>([
    [
      'an endpoint that is not there',
      () => server.breakDown('token' as never, 'hang'),
      'metadata, jwks, introspection',
    ],
    ['counting at one that is not there', () => server.calls('jkws' as never), 'must be one of metadata, jwks'],
    ['a fault that is none', () => server.breakDown('jwks', 'explode' as never), 'must be hang, reset, a status or'],
    ['a misspelt fault', () => server.breakDown('jwks', { staus: 500 } as never), 'did you mean status?'],
    ['a status that is none', () => server.breakDown('jwks', { status: 20 }), 'from 200 to 599'],
    ['a body that is no text', () => server.breakDownFor('token', { body: {} } as never), 'Fault.body must be'],
    ['revoking what was never made', () => server.revoke('unknown'), 'knows no such token'],
    ['an unknown algorithm', () => AuthorizationServer.start({ algorithm: 'HS256' as never }), 'ES256, RS256, EdDSA'],
    ['a principal without a subject', () => server.as({} as never), 'the subject of as() must be'],
  ])('%s', async (_what, task, message) => {
    await expect((async () => task())()).rejects.toThrow(message);
  });

  test('an address after the end', async () => {
    const ended = await AuthorizationServer.start();
    await ended.close();
    expect(() => ended.issuer).toThrow('the authorization server was closed');
  });
});
