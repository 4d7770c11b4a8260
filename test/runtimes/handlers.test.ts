import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AuthorizationServer, type Fault } from '@sallyport/core/testing';
import { ApiKeys, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { hashPassword } from '@sallyport/handlers/basic';
import { RUNTIMES, type RuntimeName, RuntimeProcess, withRuntimes } from './runtime-process.js';

const ALICE = { subject: 'alice', scopes: ['orders:read'] };
const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}` });

withRuntimes(() => {
  let issuer: AuthorizationServer;
  let key: string;
  let keys: { readonly secret: string; readonly store: MemoryApiKeyStore };
  beforeAll(async () => {
    issuer = await AuthorizationServer.start();
    keys = { secret: randomBytes(32).toString('hex'), store: new MemoryApiKeyStore() };
    const issued = new ApiKeys({ prefix: 'acme', secret: keys.secret }, { store: keys.store });
    key = (await issued.create({ subject: 'web-shop' })).key.reveal();
  });
  afterAll(() => issuer.close());
  afterEach(() => issuer.repair());

  async function started(name: RuntimeName): Promise<RuntimeProcess> {
    const { audience, jwksUri, introspectionEndpoint, clientId, clientSecret } = issuer;
    const hash = await hashPassword('wonderland', { algorithm: 'scrypt', logCost: 14 });
    return RuntimeProcess.start(name, {
      serves: 'handlers',
      issuer: issuer.issuer,
      audience,
      jwksUri,
      introspectionEndpoint,
      clientId,
      clientSecret,
      keySecret: keys.secret,
      keys: keys.store.list(),
      accounts: [{ name: 'alice', hash }],
      ...(name === 'workers' && { addressHeader: 'CF-Connecting-IP' }),
    });
  }

  describe.each(RUNTIMES)('on %s', (name) => {
    let server: RuntimeProcess;
    beforeAll(async () => {
      server = await started(name);
    });
    afterAll(() => server.stop());

    const opaque = async () => (await issuer.as(ALICE, { opaque: true })).bearer;
    const statusOf = async (path: string, headers: Record<string, string>) => (await server.call(path, headers))[0];

    test.each(['/jwt', '/discovery'])(
      '%s takes a signed token by keys that it fetches, and no forged one',
      async (path) => {
        const { bearer } = await issuer.as(ALICE);
        expect(await server.call(path, bearing(bearer))).toEqual([200, 'alice']);
        const [head, body, signature = ''] = bearer.split('.');
        const forged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
        expect(await statusOf(path, bearing(forged))).toBe(401);
        expect(await statusOf(path, {})).toBe(401);
      },
    );

    test('/introspection takes an opaque token that the issuer knows, and no other', async () => {
      expect(await server.call('/introspection', bearing(await opaque()))).toEqual([200, 'alice']);
      expect(await statusOf('/introspection', bearing('unknown'))).toBe(401);
    });

    test('/basic takes the password of a scrypt hash, and no other', async () => {
      expect(await server.call('/basic', basic('wonderland'))).toEqual([200, 'alice']);
      expect(await server.call('/basic', basic('wonderland'))).toEqual([200, 'alice']);
      expect(await statusOf('/basic', basic('looking-glass'))).toBe(401);
    });

    test('/api-key takes a key that was issued elsewhere, and no other', async () => {
      expect(await server.call('/api-key', { 'x-api-key': key })).toEqual([200, 'web-shop']);
      expect(await statusOf('/api-key', { 'x-api-key': `${key.slice(0, -1)}!` })).toBe(401);
    });

    test.each<[string, Fault]>([
      ['leads elsewhere', { status: 302 }],
      ['fails', { status: 500 }],
      ['answers with half a document', { body: '{' }],
      ['answers without an end', { body: 'x'.repeat(2_000_000) }],
      ['breaks off', 'reset'],
      ['gives no answer', 'hang'],
    ])('an authorization server that %s is 503, and over when it is over', async (_what, fault) => {
      issuer.breakDown('introspection', fault);
      expect(await statusOf('/introspection', bearing(await opaque()))).toBe(503);
      issuer.repair();
      expect(await statusOf('/introspection', bearing(await opaque()))).toBe(200);
    });

    test('a new key of the issuer is fetched, and what several requests wait for outlives the first of them', async () => {
      issuer.rotateKeys();
      const { bearer } = await issuer.as(ALICE);
      const first = new AbortController();
      const gone = fetch(`http://127.0.0.1:${server.port}/jwt`, { headers: bearing(bearer), signal: first.signal });
      gone.catch(() => {});
      const others = Array.from({ length: 5 }, () => server.call('/jwt', bearing(bearer)));
      first.abort();
      for (const answer of await Promise.all(others)) expect(answer).toEqual([200, 'alice']);
    });

    test('many requests at once, with tokens that were never seen, are each answered by their own', async () => {
      const names = Array.from({ length: 40 }, (_, index) => `user-${index}`);
      const tokens = await Promise.all(names.map((subject) => issuer.as({ subject }, { opaque: true })));
      const answers = await Promise.all(tokens.map(({ bearer }) => server.call('/introspection', bearing(bearer))));
      expect(answers).toEqual(names.map((subject) => [200, subject]));
    });

    test('the address of the client is told by the server, on Workers by the header that was named', async () => {
      const claimed = { 'x-forwarded-for': '192.0.2.1', 'cf-connecting-ip': '192.0.2.2' };
      const address = name === 'workers' ? '192.0.2.2' : '127.0.0.1';
      expect(await server.call('/address', claimed)).toEqual([200, address]);
    });

    test('a hash of native code is made, or it is said that it cannot be', async () => {
      const told = name === 'workers' ? /^hashing by argon2id needs native code/ : /^\$argon2id$/;
      expect((await server.call('/hashing'))[1]).toMatch(told);
    });

    test('an option that the connections of a runtime do not have is refused', async () => {
      const [, told] = await server.call('/certificates');
      expect(told).toBe(
        name === 'workers'
          ? 'OutboundOptions.certificateAuthorities is up to Workers: give the fetch of a binding, such as one with a certificate'
          : 'made',
      );
    });
  });
});
