import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { onKeySetEvent, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { selfSigned } from '../../support/tls-server.js';
import { jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import { json } from './key-server.js';
import { newKey } from './signing.js';

const RSA = newKey('RS256', '1');
const SECOND = newKey('RS256', '2');
const STRANGER = newKey('RS256', '3');
const EC = newKey('ES256', '1');

const RS256 = { algorithms: 'RS256' } as const;
const { alg: _alg, use: _use, ...BARE } = RSA.jwk;

/** The other spelling of the same bytes (RFC 4648 4). */
function padded(base64url = ''): string {
  return Buffer.from(base64url, 'base64url').toString('base64');
}

function setOf(...keys: readonly JsonWebKey[]): TrustedIssuer['keys'] {
  return { jwks: { keys } };
}

describe('members of a published key', () => {
  test.each<[string, JsonWebKey, Record<string, unknown>?]>([
    ...['alg', 'use', 'key_ops', 'x5c', 'x5t', 'x5t#S256', 'x5u'].flatMap((name): [string, JsonWebKey][] => [
      [`${name} is null`, { ...RSA.jwk, [name]: null }],
      [`${name} is ""`, { ...RSA.jwk, [name]: '' }],
    ]),
    ['alg and use are left out', BARE],
    ['kid is null, and the token has none', { ...RSA.jwk, kid: null as never }, { kid: undefined }],
    ['kid is "", and the token has none', { ...RSA.jwk, kid: '' }, { kid: undefined }],
    ['private members are null', { ...RSA.jwk, d: null, p: '', q: null } as never],
    ['n is padded', { ...RSA.jwk, n: padded(RSA.jwk.n) }],
    ['n is padded in the alphabet of URLs', { ...RSA.jwk, n: `${RSA.jwk.n}==` }],
    [
      'n begins with a zero octet',
      { ...RSA.jwk, n: Buffer.from(`00${hexOf(RSA.jwk.n)}`, 'hex').toString('base64url') },
    ],
    ['members are unknown', { ...RSA.jwk, issuer: 'https://as.example.com/{tenant}', nbf: 7, ext: true }],
  ])('that say nothing do no harm: %s (RFC 7517 4)', async (_, jwk, header = {}) => {
    expect(await jwtWith(trusted(setOf(jwk), RS256)).outcome(tokenBy(RSA, {}, header))).toBe('granted');
  });

  test.each<[string, JsonWebKey]>([
    ['use is enc', { ...RSA.jwk, use: 'enc' }],
    ['key_ops is empty', { ...RSA.jwk, key_ops: [] }],
    ['alg is another', { ...RSA.jwk, alg: 'RS512' }],
    ['kty is null', { ...RSA.jwk, kty: null as never }],
    ['n is ""', { ...RSA.jwk, n: '' }],
    ['e is a number', { ...RSA.jwk, e: 65_537 as never }],
    ['kid is a number', { ...RSA.jwk, kid: 1 as never }],
    ['it is no object', 'key' as never],
  ])('that cannot be read cost that key alone: %s (RFC 7517 5)', async (_, jwk) => {
    const under = jwtWith(trusted(setOf(jwk, SECOND.jwk), RS256));
    expect(await under.outcome(tokenBy(RSA))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy(SECOND))).toBe('granted');
  });
});

function hexOf(base64url = ''): string {
  return Buffer.from(base64url, 'base64url').toString('hex');
}

describe('a token without kid', () => {
  const keys = setOf({ ...RSA.jwk, x5t: 'AAA=' }, { ...SECOND.jwk, x5t: 'BBBB', 'x5t#S256': 'CCCC' });
  const ask = (key = RSA, header: object = {}) =>
    jwtWith(trusted(keys, RS256)).outcome(tokenBy(key, {}, { kid: undefined, ...header }));

  test('is good when one of the few keys that fit has signed it (RFC 7515 D)', async () => {
    expect([await ask(RSA), await ask(SECOND)]).toEqual(['granted', 'granted']);
    expect(await ask(STRANGER)).toBe('401 signature_invalid');
  });

  test('may name its key by a thumbprint (RFC 7515 4.1.7, 4.1.8)', async () => {
    expect(await ask(RSA, { x5t: 'AAA' })).toBe('granted');
    expect(await ask(SECOND, { x5t: 'BBBB' })).toBe('granted');
    expect(await ask(SECOND, { 'x5t#S256': 'CCCC' })).toBe('granted');
    expect(await ask(SECOND, { x5t: 'BBBB', 'x5t#S256': 'CCCC' })).toBe('granted');
  });

  test('is not checked with a key that has another thumbprint (RFC 7515 4.1.7)', async () => {
    expect(await ask(SECOND, { x5t: 'AAA' })).toBe('401 signature_invalid');
    expect(await ask(RSA, { x5t: 'BBBB' })).toBe('401 signature_invalid');
    expect(await ask(SECOND, { x5t: 'BBBB', 'x5t#S256': 'DDDD' })).toBe('401 key_unknown');
  });

  test('but with a thumbprint may be signed with a key that has none (RFC 7517 4.8)', async () => {
    const under = jwtWith(trusted(setOf({ ...RSA.jwk, x5t: 'AAAA' }, SECOND.jwk), RS256));
    expect(await under.outcome(tokenBy(SECOND, {}, { kid: undefined, x5t: 'EEEE' }))).toBe('granted');
    expect(await under.outcome(tokenBy(RSA, {}, { kid: undefined, x5t: 'EEEE' }))).toBe('401 signature_invalid');
  });

  test('whose thumbprint no key has, causes one fetch in 30 s', async () => {
    const server = await keyServer({ ...RSA.jwk, x5t: 'AAAA' });
    const under = jwtWith(trusted(published(server), RS256));
    const token = (jti: string) => tokenBy(SECOND, { jti }, { kid: undefined, x5t: 'BBBB' });
    expect(await under.outcome(tokenBy(RSA))).toBe('granted');
    expect(await under.outcome(token('a'))).toBe('401 key_unknown');
    server.publish({ ...RSA.jwk, x5t: 'AAAA' }, { ...SECOND.jwk, x5t: 'BBBB' });
    expect(await under.outcome(token('b'))).toBe('401 key_unknown');
    expect(server.fetches).toBe(2);
    under.clock.pass(60);
    expect(await under.outcome(token('c'))).toBe('granted');
  });

  test.each([null, '', 7, 'x'.repeat(257)])('is refused when its thumbprint is %j (RFC 7515 4.1.7)', async (x5t) => {
    expect(await ask(RSA, { x5t })).toBe('401 key_id_malformed');
    expect(await ask(RSA, { 'x5t#S256': x5t })).toBe('401 key_id_malformed');
  });

  test('is refused when it says so with null or ""', async () => {
    expect(await ask(RSA, { kid: null })).toBe('401 key_id_malformed');
    expect(await ask(RSA, { kid: '' })).toBe('401 key_id_malformed');
  });
});

test('keys of one identifier and different algorithms are told apart by the algorithm (RFC 7517 4.5)', async () => {
  const algorithms = ['RS256', 'PS256', 'ES256'] as const;
  const under = jwtWith(trusted(setOf(RSA.jwk, { ...SECOND.jwk, kid: '1', alg: 'PS256' }, EC.jwk), { algorithms }));
  expect(await under.outcome(tokenBy(RSA))).toBe('granted');
  expect(await under.outcome(tokenBy({ ...SECOND, kid: '1', algorithm: 'PS256' }))).toBe('granted');
  expect(await under.outcome(tokenBy(EC))).toBe('granted');
  expect(await under.outcome(tokenBy({ ...RSA, algorithm: 'PS256' }))).toBe('401 signature_invalid');
});

describe('a map from identifiers to PEM', () => {
  const pem = (key = RSA) => key.publicKey.export({ type: 'spki', format: 'pem' });

  test('is read as keys, each for what it fits; what is no key costs itself alone', async () => {
    const server = await keyServer();
    server.answer = json({ 1: pem(), 2: 'no key', ec: pem(EC), x: null });
    const under = jwtWith(trusted(published(server), { algorithms: ['RS256', 'ES256'] }));
    expect(await under.outcome(tokenBy(RSA))).toBe('granted');
    expect(await under.outcome(tokenBy(SECOND))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy({ ...RSA, kid: 'ec' }))).toBe('401 key_unfit');
    expect(await under.outcome(tokenBy({ ...EC, kid: 'ec' }))).toBe('granted');
  });

  test('may hold certificates, as Google and Firebase serve it; one that is cut short costs itself alone', async () => {
    const { key, cert } = await selfSigned('federated-signon.system.example');
    const certified = { ...RSA, kid: '0f4a', privateKey: createPrivateKey(key) };
    const server = await keyServer();
    server.answer = json({ '0f4a': cert, '0f4b': cert.slice(0, 200), 2: pem(SECOND) });
    const under = jwtWith(trusted(published(server), RS256));
    expect(await under.outcome(tokenBy(certified))).toBe('granted');
    expect(await under.outcome(tokenBy({ ...certified, kid: '0f4b' }))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy({ ...RSA, kid: '0f4a' }))).toBe('401 signature_invalid');
    expect(await under.outcome(tokenBy(SECOND))).toBe('granted');
  });

  test('never gives a private key, and the operator is told of one (RFC 7517 9.2)', async () => {
    const server = await keyServer();
    server.answer = json({ 1: RSA.privateKey.export({ type: 'pkcs8', format: 'pem' }), 2: pem(SECOND) });
    const events: object[] = [];
    const end = onKeySetEvent((event) => events.push(event));
    const under = jwtWith(trusted(published(server), RS256));
    expect(await under.outcome(tokenBy(RSA))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy(SECOND))).toBe('granted');
    end();
    expect(events).toContainEqual(expect.objectContaining({ kind: 'private_keys_published', count: 1 }));
  });
});

describe('a signature that does not fit', () => {
  /** Another key stands under the identifier of the one that was fetched. */
  const replaced = { ...SECOND, kid: '1' };
  const fresh = (key = RSA, jti = Math.random()) => tokenBy(key, { jti: `token-${jti}` });

  async function opened() {
    const server = await keyServer(RSA.jwk);
    const under = jwtWith(trusted(published(server), RS256));
    expect(await under.outcome(fresh())).toBe('granted');
    return { server, under };
  }

  test('may be that of a newer key: keys are fetched once more', async () => {
    const { server, under } = await opened();
    server.publish({ ...SECOND.jwk, kid: '1' });
    under.clock.pass(30);
    expect(await under.outcome(fresh(replaced))).toBe('granted');
    expect(await under.outcome(fresh())).toBe('401 signature_invalid');
    expect(server.fetches).toBe(2);
  });

  test('causes no fetch while the keys are of just now', async () => {
    const { server, under } = await opened();
    under.clock.pass(29.9);
    expect(await under.outcome(fresh(replaced))).toBe('401 signature_invalid');
    expect(server.fetches).toBe(1);
  });

  test('causes one fetch for each network in 30 s', async () => {
    const { server, under } = await opened();
    under.clock.pass(30);
    for (let time = 0; time < 5; time += 1) {
      expect(await under.outcome(fresh(replaced), '203.0.113.9')).toBe('401 signature_invalid');
      under.clock.pass(5);
    }
    expect(server.fetches).toBe(2);
  });

  test('and an unknown key share one fetch of a network in 30 s', async () => {
    const { server, under } = await opened();
    under.clock.pass(30);
    expect(await under.outcome(fresh(replaced), '203.0.113.9')).toBe('401 signature_invalid');
    expect(await under.outcome(fresh({ ...SECOND, kid: 'unknown' }), '203.0.113.9')).toBe('401 key_unknown');
    expect(server.fetches).toBe(2);
    under.clock.pass(8);
    expect(await under.outcome(fresh({ ...SECOND, kid: 'unknown' }), '198.51.100.7')).toBe('401 key_unknown');
    expect(server.fetches).toBe(3);
  });

  test('stays a refusal when that fetch fails: the known keys stand', async () => {
    const { server, under } = await opened();
    server.answer = (_request, response) => response.writeHead(500).end();
    under.clock.pass(30);
    expect(await under.outcome(fresh(replaced))).toBe('401 signature_invalid');
    expect(await under.outcome(fresh(replaced))).toBe('401 signature_invalid');
    expect(await under.outcome(fresh())).toBe('granted');
    expect(server.fetches).toBe(2);
  });
});
