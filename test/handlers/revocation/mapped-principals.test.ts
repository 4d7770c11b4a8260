import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type GrantedDecision,
  MemoryCacheStore,
  type PrincipalInit,
  Revocations,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import type { MapPrincipal } from '@sallyport/handlers/jwt';
import { IntrospectionUnderTest } from '../introspection/introspection-fixture.js';
import { IntrospectionServer } from '../introspection/introspection-server.js';
import { CLAIMS, ISSUER, jwtWith, tokenBy, trusted } from '../jwt/jwt-fixture.js';
import { newKey } from '../jwt/signing.js';

const KEY = newKey('ES256', 'k1');
const SECRET = 'a deployment secret of 32 characters or more';
const SENT = { ...CLAIMS, sid: 's-1' };

type Way = readonly [string, (revocations: Revocations) => Promise<boolean>];

const BY: Readonly<Record<string, Way>> = {
  subject: ['its subject', (revocations) => revocations.revokeSubject('alice', { issuer: ISSUER })],
  client: ['its client', (revocations) => revocations.revokeClient('web-shop', { issuer: ISSUER })],
  session: ['its session', (revocations) => revocations.revokeSession('s-1', { issuer: ISSUER })],
  jti: ['its jti', (revocations) => revocations.revokeJti('token-1', { issuer: ISSUER })],
};
const { subject, client, session, jti } = BY as Required<typeof BY> & Record<string, Way>;

const rewriting = (change: (init: PrincipalInit) => void): MapPrincipal => {
  return (init) => {
    change(init);
    return init;
  };
};

const MAPPED: readonly (readonly [string, MapPrincipal, readonly (Way | undefined)[]])[] = [
  ['names another subject', (init) => ({ ...init, subject: 'user-42' }), [subject]],
  ['names another subject later', async (init) => ({ ...init, subject: 'user-42' }), [subject]],
  ['names another client', (init) => ({ ...init, clientId: 'shop-7' }), [client]],
  ['leaves the client out', (init) => ({ ...init, clientId: undefined }), [client]],
  ['leaves the claims out', (init) => ({ ...init, claims: {} }), [session, jti]],
  ['leaves the time of issue out', (init) => ({ ...init, issuedAt: undefined }), [subject, client]],
  ['names a later time of issue', (init) => ({ ...init, issuedAt: 4_000_000_000 }), [subject, client]],
  ['changes all of it', () => ({ subject: 'user-42' }), [subject, client, session, jti]],
  [
    'changes what it was given',
    rewriting((init) =>
      Object.assign(init, { issuer: 'https://a.test', subject: 'user-42', clientId: 'shop-7', claims: {} }),
    ),
    [subject, client, session, jti],
  ],
];

const CASES = MAPPED.flatMap(([mapping, map, ways]) =>
  ways.flatMap((way) => (way === undefined ? [] : [[mapping, way[0], map, way[1]] as const])),
);

let server: IntrospectionServer;
let clock: ManualClock;
let store: MemoryCacheStore;
const opened: SecurityHandler<never>[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  store = new MemoryCacheStore({}, { clock });
  server = await IntrospectionServer.start(() => ({ body: { active: true, ...SENT } }));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((handler) => handler.close?.()));
  await server.close();
});

function verifying(mapPrincipal: MapPrincipal, revocations: Revocations): SecurityHandler<never> {
  const issuer = trusted({ publicKey: KEY.publicKey }, { mapPrincipal });
  return jwtWith(issuer, {}, { clock, revocations }).handler as SecurityHandler<never>;
}

function introspecting(mapPrincipal: MapPrincipal, revocations: Revocations): SecurityHandler<never> {
  const { endpoint } = server;
  const options = { name: 'mapped', endpoint, mapPrincipal, cache: { ttlSeconds: 120, secret: SECRET } };
  return new IntrospectionUnderTest(options, { clock, revocations, store }).handler as SecurityHandler<never>;
}

function instance(handlerOf: typeof verifying, map: MapPrincipal) {
  const revocations = new Revocations({}, { clock });
  const handler = handlerOf(map, revocations);
  opened.push(handler);
  const chain = new SecurityChain({ requirement: handler }, { clock });
  const reasonOf = async (bearer: string) => {
    const decision = await chain.decide(buildRequest('GET /', { bearer }));
    return decision.kind === 'granted' ? 'granted' : decision.reason;
  };
  return { revocations, chain, reasonOf };
}

describe.each([
  ['JWT', verifying],
  ['introspection', introspecting],
] as const)(
  'a mapping of the %s handler takes no token out of the reach of its issuer: where it',
  (_name, handlerOf) => {
    const token = tokenBy(KEY, { sid: 's-1' });
    const another = tokenBy(KEY, { sid: 's-1' }, { typ: 'application/at+jwt' });

    test.each(CASES)('%s, a remembered token is refused once %s is revoked', async (_mapping, _what, map, revoke) => {
      const { revocations, reasonOf } = instance(handlerOf, map);
      expect(await reasonOf(token)).toBe('granted');
      expect(await revoke(revocations)).toBe(true);
      expect([await reasonOf(token), await reasonOf(another)]).toEqual(['token_revoked', 'token_revoked']);
    });

    test.each(CASES)('%s, a lease ends when %s is', async (_mapping, _what, map, revoke) => {
      const { revocations, chain } = instance(handlerOf, map);
      const request = { method: 'GET', target: '/', rawHeaders: ['Authorization', `Bearer ${token}`] };
      const { decision } = await chain.explain(request);
      const lease = chain.lease(decision as GrantedDecision, request, { guards: [], others: [], recheckSeconds: 60 });
      await revocations.revokeSubject('somebody else');
      expect(lease.ended).toBeUndefined();
      await revoke(revocations);
      expect(lease.ended).toBe('revoked');
    });

    test('names another subject, the token is refused by that name as well', async () => {
      const { revocations, reasonOf } = instance(handlerOf, (init) => ({
        ...init,
        subject: 'user-42',
        claims: { sid: 's-2' },
      }));
      expect(await reasonOf(token)).toBe('granted');
      await revocations.revokeSubject('bob', { issuer: ISSUER });
      await revocations.revokeSession('s-3', { issuer: ISSUER, subject: 'user-42' });
      expect(await reasonOf(token)).toBe('granted');
      await revocations.revokeSubject('user-42', { issuer: ISSUER });
      expect(await reasonOf(token)).toBe('token_revoked');
    });
  },
);

describe('the names that a token had before it was mapped go with a shared verdict: where the mapping', () => {
  test.each(CASES)('%s, another instance refuses it without a lookup once %s is revoked', async (...row) => {
    const [, , map, revoke] = row;
    const [one, other, late] = [map, map, map].map((each) => instance(introspecting, each)) as [
      ReturnType<typeof instance>,
      ReturnType<typeof instance>,
      ReturnType<typeof instance>,
    ];
    expect([await one.reasonOf('token'), await other.reasonOf('token')]).toEqual(['granted', 'granted']);
    await Promise.all([revoke(other.revocations), revoke(late.revocations)]);
    expect([await other.reasonOf('token'), await late.reasonOf('token')]).toEqual(['token_revoked', 'token_revoked']);
    expect(server.calls).toBe(1);
  });
});
