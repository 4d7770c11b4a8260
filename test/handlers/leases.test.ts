import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type GrantedDecision, type Lease, Revocations, SecurityChain } from '@sallyport/core';
import type { ReceivedNotices, RevocationBus } from '@sallyport/core/extend';
import { AuthorizationServer, ManualClock } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import type { UserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import type { DecryptionKey } from '@sallyport/handlers/jwt';
import { CompactEncrypt } from 'jose';
import { settled } from '../core/leases/lease-fixture.js';
import { accountOf, BasicUnderTest, basic } from './basic/basic-fixture.js';
import {
  type JwtUnderTest,
  jwtWith,
  keyServer,
  nextKeySetEvent,
  published,
  tokenBy,
  trusted,
} from './jwt/jwt-fixture.js';
import { newKey } from './jwt/signing.js';

const KEY = newKey('ES256', 'k1');
const OTHER = newKey('ES256', 'k2');

async function leaseOn(chain: SecurityChain, authorization: string, recheckSeconds = 60): Promise<Lease> {
  const request = { method: 'GET', target: '/', rawHeaders: ['Authorization', authorization] };
  const { decision } = await chain.explain(request);
  expect(decision.kind).toBe('granted');
  return chain.lease(decision as GrantedDecision, request, { guards: [], others: [], recheckSeconds });
}

function jwtUnder(
  revocations: Revocations,
  clock: ManualClock,
  decryptionKeys: readonly DecryptionKey[] = [],
): JwtUnderTest {
  const options = decryptionKeys.length === 0 ? {} : { decryptionKeys };
  return jwtWith(trusted({ publicKey: KEY.publicKey }), options, { clock, revocations });
}

describe('a lease on a JWT', () => {
  test.each([
    ['the token', (revocations: Revocations, token: string) => revocations.revokeToken(token)],
    ['its jti', (revocations: Revocations) => revocations.revokeJti('token-1')],
    ['its session', (revocations: Revocations) => revocations.revokeSession('s-1')],
    ['its subject', (revocations: Revocations) => revocations.revokeSubject('alice')],
    ['its client', (revocations: Revocations) => revocations.revokeClient('web-shop')],
  ])('ends when %s is revoked, and that of another token goes on', async (_what, revoke) => {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    const { chain } = jwtUnder(revocations, clock);
    const token = tokenBy(KEY, { sid: 's-1' });
    const lease = await leaseOn(chain, `Bearer ${token}`);
    const other = await leaseOn(chain, `Bearer ${tokenBy(KEY, { sub: 'bob', client_id: 'x', jti: 'token-2' })}`);
    await revoke(revocations, token);
    expect([lease.ended, other.ended]).toEqual(['revoked', undefined]);
  });

  test('ends when it expires', async () => {
    const clock = new ManualClock();
    const lease = await leaseOn(jwtUnder(new Revocations({}, { clock }), clock).chain, `Bearer ${tokenBy(KEY)}`);
    clock.pass(599);
    expect(lease.ended).toBeUndefined();
    clock.pass(1.5);
    expect(lease.ended).toBe('expired');
  });

  test('that is encrypted ends with the token inside (RFC 7516)', async () => {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const opening = { key: pair.privateKey, algorithms: 'RSA-OAEP-256', contentEncryption: 'A256GCM' } as const;
    const { chain } = jwtUnder(revocations, clock, [opening]);
    const inner = tokenBy(KEY);
    const outer = await new CompactEncrypt(Buffer.from(inner))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(pair.publicKey);
    const lease = await leaseOn(chain, `Bearer ${outer}`, 10);
    clock.pass(11);
    expect(lease.ended).toBeUndefined();
    await revocations.revokeToken(inner);
    clock.pass(40);
    expect(lease.ended).toBe('revoked');
  });

  test('has the keys fetched again though no other token comes, and ends when its key is withdrawn', async () => {
    const server = await keyServer(KEY.jwk, OTHER.jwk);
    const jwt = jwtWith(trusted(published(server)));
    const [gone, kept] = [
      await leaseOn(jwt.chain, `Bearer ${tokenBy(KEY, { exp: 1_900_000_000 })}`),
      await leaseOn(jwt.chain, `Bearer ${tokenBy(OTHER, { exp: 1_900_000_000 })}`),
    ];
    server.publish(OTHER.jwk);
    const loaded = nextKeySetEvent('keys_loaded');
    jwt.clock.pass(480.5);
    await loaded;
    jwt.clock.pass(130);
    expect([gone.ended, kept.ended]).toEqual(['denied', undefined]);
    kept.release();
  });
});

describe('a lease on a JWT of a key that is believed for a shorter time than the lease is asked about', () => {
  test('goes on, because the lease has the keys fetched again', async () => {
    const server = await keyServer(KEY.jwk);
    const jwt = jwtWith(trusted(published(server, { maxAgeSeconds: 10, cooldownSeconds: 1 })));
    const lease = await leaseOn(jwt.chain, `Bearer ${tokenBy(KEY)}`);
    const loaded = nextKeySetEvent('keys_loaded');
    jwt.clock.pass(60.5);
    await loaded;
    jwt.clock.pass(5.5);
    expect([lease.ended, server.fetches]).toEqual([undefined, 2]);
    lease.release();
  });
});

describe('a lease on an introspected token (RFC 7662)', () => {
  test('ends when it expires, and when its subject is revoked', async () => {
    const authority = await AuthorizationServer.start();
    const clock = new ManualClock(Date.now());
    const revocations = new Revocations({}, { clock });
    const { clientId, clientSecret, introspectionEndpoint: endpoint } = authority;
    const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
    const handler = new IntrospectionHandler(
      { realm: 'test', endpoint, clientAuthentication, outbound: { allowInsecureLoopback: true } },
      { clock, revocations },
    );
    const chain = new SecurityChain({ requirement: handler }, { clock });
    const bearerOf = async (subject: string) => (await authority.as({ subject, scopes: [] }, { opaque: true })).bearer;
    const [alice, bob] = [
      await leaseOn(chain, `Bearer ${await bearerOf('alice')}`),
      await leaseOn(chain, `Bearer ${await bearerOf('bob')}`),
    ];
    await revocations.revokeSubject('alice');
    expect([alice.ended, bob.ended]).toEqual(['revoked', undefined]);
    clock.pass(600);
    expect(bob.ended).toBe('expired');
    await chain.close();
    await authority.close();
  });
});

describe('a lease on a Basic credential', () => {
  test.each([
    ['the account', (revocations: Revocations) => revocations.revokeSubject('alice')],
    ['the credential as it was sent', (revocations: Revocations) => revocations.revokeToken(token68('ALICE', 'pass'))],
    ['the credential by its account', (revocations: Revocations) => revocations.revokeToken(token68('alice', 'pass'))],
  ])('ends when %s is revoked', async (_what, revoke) => {
    const clock = new ManualClock();
    const revocations = new Revocations({}, { clock });
    const accounts = new Map([['alice', await accountOf('alice', 'pass')]]);
    const users: UserStore = { find: (name) => accounts.get(name.toLowerCase()) };
    const { chain } = new BasicUnderTest(users, {}, { revocations }, clock);
    const lease = await leaseOn(chain, basic('ALICE', 'pass'));
    await revocations.revokeToken(token68('alice', 'another'));
    expect(lease.ended).toBeUndefined();
    await revoke(revocations);
    expect(lease.ended).toBe('revoked');
  });

  const token68 = (name: string, password: string) => basic(name, password).slice('Basic '.length);
});

describe('a lease on an API key', () => {
  test('ends when the key is revoked or deleted, and not when another key changes', async () => {
    const clock = new ManualClock();
    const secret = 'a secret that all instances share, 1';
    const handler = new ApiKeyHandler(
      { prefix: 'acme', secret, store: new MemoryApiKeyStore() },
      { clock, revocations: new Revocations({}, { clock }) },
    );
    const chain = new SecurityChain({ requirement: handler }, { clock });
    const made = await Promise.all(['a', 'b', 'c'].map((subject) => handler.keys.create({ subject, scopes: [] })));
    const leases: Lease[] = [];
    for (const { key } of made) {
      const request = { method: 'GET', target: '/', rawHeaders: ['X-API-Key', key.reveal()] };
      const { decision } = await chain.explain(request);
      leases.push(chain.lease(decision as GrantedDecision, request, { guards: [], others: [], recheckSeconds: 10 }));
    }
    await handler.keys.revoke(made[0]?.record.id as string);
    await handler.keys.delete(made[1]?.record.id as string);
    clock.pass(60);
    expect(leases.map(({ ended }) => ended)).toEqual(['revoked', 'revoked', undefined]);
  });
});

describe('a lease ends by what another instance revokes', () => {
  const secret = 'a secret that all instances share, 1';

  /** Delivers at once, or keeps what it was given until somebody reads. */
  class KeepingBus implements RevocationBus {
    readonly #listeners: ((notice: string) => void)[] = [];
    readonly #kept: string[] = [];
    delivers = true;

    async publish(notice: string): Promise<boolean> {
      this.#kept.push(notice);
      if (this.delivers) for (const listener of this.#listeners) listener(notice);
      return true;
    }
    async receive(): Promise<ReceivedNotices> {
      return { notices: [...this.#kept], isComplete: true };
    }
    async listen(listener: (notice: string) => void): Promise<void> {
      this.#listeners.push(listener);
    }
    async close(): Promise<void> {}
  }

  test.each([
    ['in the moment in which the notice comes', true],
    ['within a second where the notice was lost, though no request comes', false],
  ])('%s', async (_when, delivers) => {
    const clock = new ManualClock();
    const bus = Object.assign(new KeepingBus(), { delivers });
    const [here, there] = [new Revocations({ secret }, { bus, clock }), new Revocations({ secret }, { bus, clock })];
    await Promise.all([here.start(), there.start()]);
    const jwt = jwtUnder(here, clock);
    const lease = await leaseOn(jwt.chain, `Bearer ${tokenBy(KEY)}`);
    clock.pass(2);
    await there.revokeSubject('alice');
    expect(lease.ended).toBe(delivers ? 'revoked' : undefined);
    clock.pass(1.5);
    await settled();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lease.ended).toBe('revoked');
    clock.pass(2);
    expect(clock.waiting).toBe(0);
  });
});
