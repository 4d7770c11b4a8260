import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type PrincipalInit, SecurityChain, UpstreamError } from '@sallyport/core';
import { type Answer, AuthorizationServer, ask, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler, type MapPrincipal, type TrustedIssuer } from '@sallyport/handlers/jwt';

const outbound = { allowInsecureLoopback: true };
const clock = new ManualClock();

let server: AuthorizationServer;
let chain: SecurityChain;

// Bridging outages warns at start; that it does is a rule of test/core/cache/verdict-cache.test.ts.
let warn: ReturnType<typeof jest.spyOn>;
beforeAll(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterAll(() => {
  warn.mockRestore();
});

beforeEach(async () => {
  server = await AuthorizationServer.start({ clock });
});

afterEach(async () => {
  await chain.close();
  await server.close();
});

function introspecting(mapPrincipal: MapPrincipal): IntrospectionHandler {
  const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  const cache = { staleIfUnavailableSeconds: 30 };
  return new IntrospectionHandler(
    { name: 'mapped', realm: 'test', endpoint, clientAuthentication, mapPrincipal, outbound, cache },
    { clock },
  );
}

function verifying(mapPrincipal: MapPrincipal): JwtHandler {
  const { issuer, audience, jwksUri } = server;
  const keys = { jwksUri, outbound };
  const trusted: TrustedIssuer = { issuer, audience, algorithms: 'ES256', keys, requiredClaims: ['iat'], mapPrincipal };
  return new JwtHandler({ name: 'mapped', realm: 'test', issuers: [trusted], cache: { ttlSeconds: 30 } }, { clock });
}

const returning = (value: unknown) => () => value as PrincipalInit;
const throwing = (error: unknown) => () => {
  throw error;
};

const BROKEN: readonly (readonly [string, () => PrincipalInit])[] = [
  ['throws', throwing(new Error('no mapping'))],
  ['throws what is no error', throwing('s3cret')],
  ['throws an outage', throwing(new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'too slow'))],
  ['returns nothing', returning(undefined)],
  ['returns null', returning(null)],
  ['returns true', returning(true)],
  ['returns a text', returning('alice')],
  ['returns a list', returning([{ subject: 'alice' }])],
  ['promises nothing', () => Promise.resolve(undefined) as never],
  ['promises an unknown member', () => Promise.resolve({ subject: 'alice', isAdmin: true }) as never],
  ['returns an empty object', returning({})],
  ['returns an empty subject', returning({ subject: '' })],
  ['returns a subject that is no text', returning({ subject: 7 })],
  [
    'returns scopes as one text, in which parts of it would be found',
    returning({ subject: 'a', scopes: 'read admin' }),
  ],
  ['returns scopes that are no texts', returning({ subject: 'alice', scopes: [7] })],
  ['returns roles that are a set', returning({ subject: 'alice', roles: new Set(['admin']) })],
  ['returns an unknown kind', returning({ subject: 'alice', kind: 'root' })],
  ['returns the anonymous kind', returning({ subject: 'alice', kind: 'anonymous' })],
  ['returns an unknown member', returning({ subject: 'alice', isAdmin: true })],
  ['returns claims with a function', returning({ subject: 'alice', claims: { of: () => true } })],
];

describe.each([
  ['JWT', verifying],
  ['introspection', introspecting],
])('a mapping of the %s handler is the application’s own code, so a mapping that', (_handler, handlerWith) => {
  const answered = async (map: MapPrincipal): Promise<Answer> => {
    const handler = handlerWith(map);
    chain = new SecurityChain({ requirement: handler }, { clock });
    return ask(chain, '/', await server.as({ subject: 'alice' }));
  };

  test.each(BROKEN)(
    '%s is a bug: 500, an event that names the handler, and nothing is remembered',
    async (_what, map) => {
      const answer = await answered(map);
      expect([answer.status, answer.reason, answer.event.fault?.culprit]).toEqual([500, 'handler_threw', 'mapped']);
      expect(JSON.stringify(answer)).not.toContain('s3cret');
      const [handler] = chain.handlers as readonly (JwtHandler | IntrospectionHandler)[];
      expect(handler?.statistics.cache).toMatchObject({ entries: 0, negativeEntries: 0 });
    },
  );

  test('loads the user later is asked once, and the verdict is remembered with what it loaded', async () => {
    let asked = 0;
    const answer = await answered(async (init) => {
      asked += 1;
      return { ...init, issuer: 'https://evil.example', roles: ['loaded'] };
    });
    expect(answer.principal).toMatchObject({
      subject: 'alice',
      issuer: answer.principal?.claims['iss'],
      roles: ['loaded'],
    });
    const [handler] = chain.handlers as readonly (JwtHandler | IntrospectionHandler)[];
    expect([asked, handler?.statistics.cache.entries]).toEqual([1, 1]);
  });

  test.each(['orders:read', ['orders:read']])(
    'writes into the lists that it is given adds to them, where the token spells its scopes as %j',
    async (scope) => {
      const handler = handlerWith((init) => {
        for (const list of [init.scopes, init.roles, init.audience]) (list as string[]).push('more');
        return init;
      });
      chain = new SecurityChain({ requirement: handler }, { clock });
      const { principal } = await ask(chain, '/', await server.as({ subject: 'alice', claims: { scope } }));
      expect(principal).toMatchObject({ scopes: ['orders:read', 'more'], roles: ['more'] });
      expect(principal?.claims['scope']).toEqual(scope);
    },
  );

  test.each([
    ['rejects', Promise.reject(new Error('s3cret'))],
    ['rejects with an outage', Promise.reject(new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 's3cret'))],
  ])('%s is an outage: 503, and nothing is remembered', async (_what, promise) => {
    promise.catch(() => {});
    const answer = await answered(() => promise as Promise<never>);
    expect([answer.status, answer.reason]).toEqual([503, 'principal_mapping_failed']);
    expect(JSON.stringify(answer)).not.toContain('s3cret');
    const [handler] = chain.handlers as readonly (JwtHandler | IntrospectionHandler)[];
    expect(handler?.statistics.cache).toMatchObject({ entries: 0, negativeEntries: 0, flights: 0 });
  });

  test('throws an outage keeps its sentence for the operator', async () => {
    const answer = await answered(
      throwing(new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'users.internal is slow')),
    );
    expect(answer.event.fault?.message).toBe('mapPrincipal threw an UpstreamError: users.internal is slow');
  });

  test('is not done in time is an outage: 503, and its place is free again', async () => {
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const pending = answered(() => {
      begun();
      return new Promise<never>(() => {});
    });
    await hasBegun;
    await turn();
    clock.pass(2);
    const answer = await pending;
    expect([answer.status, answer.reason]).toEqual([503, 'principal_mapping_timed_out']);
    const [handler] = chain.handlers as readonly (JwtHandler | IntrospectionHandler)[];
    expect(handler?.statistics.cache).toMatchObject({ entries: 0, negativeEntries: 0, flights: 0 });
  });

  test('breaks for one token only does no harm to others', async () => {
    let isBroken = true;
    const map: MapPrincipal = (init) => (isBroken ? (undefined as never) : { ...init, roles: ['mapped'] });
    expect((await answered(map)).status).toBe(500);
    isBroken = false;
    const answer = await ask(chain, '/', await server.as({ subject: 'bob' }));
    expect(answer.principal).toMatchObject({ subject: 'bob', roles: ['mapped'] });
  });

  test('fails where a good answer is still known does not bring the stale one back', async () => {
    let isBroken = false;
    const map: MapPrincipal = (init) => (isBroken ? (undefined as never) : init);
    expect((await answered(map)).status).toBe(200);
    const parts = await server.as({ subject: 'bob' });
    expect((await ask(chain, '/', parts)).status).toBe(200);
    isBroken = true;
    clock.pass(31);
    expect((await ask(chain, '/', parts)).status).toBe(500);
  });
});

test('a token that names nobody stays refused when the mapping names nobody either [RFC 9068 2.2]', async () => {
  chain = new SecurityChain({ requirement: verifying((init) => init) }, { clock });
  const now = clock.now() / 1_000;
  const claims = { iss: server.issuer, aud: server.audience, iat: now, exp: now + 60 };
  expect(await ask(chain, '/', { bearer: server.sign(claims) })).toMatchObject({
    status: 401,
    reason: 'claim_missing',
  });
});
