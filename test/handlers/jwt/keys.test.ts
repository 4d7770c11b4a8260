import { generateKeyPairSync, type RSAKeyPairKeyObjectOptions } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type TrustedIssuer } from '@sallyport/handlers/jwt';
import { jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import { json, keySet } from './key-server.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const OTHER_EC = newKey('ES256', 'key-1');
const RSA = newKey('RS256');
const PEM = EC.publicKey.export({ type: 'spki', format: 'pem' }) as string;

/** Where metadata are looked for: by RFC 8414 3.1 and OpenID Connect Discovery 4, in this order. */
const PLACES = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

function withPem(): TrustedIssuer {
  return trusted({ publicKey: PEM, kid: EC.kid });
}

describe('keys', () => {
  test('come from a JWKS URL (RFC 7517 5)', async () => {
    const server = await keyServer(RSA.jwk, EC.jwk);
    const under = jwtWith(trusted(published(server)));
    expect(server.fetches).toBe(0);
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { jti: 'token-2' }))).toBe('granted');
    expect(server.asked).toEqual(['/jwks']);
  });

  test.each(PLACES)('come from where the metadata at %s say (RFC 8414 3)', async (place) => {
    const server = await keyServer();
    const issuer = server.origin;
    server.answer = (request, response) => {
      if (request.url === place) json({ issuer, jwks_uri: server.jwksUri })(request, response);
      else if (request.url === '/jwks') keySet([EC.jwk])(request, response);
      else response.writeHead(404).end();
    };
    const keys = { discovery: true, outbound: { allowInsecureLoopback: true } } as const;
    const under = jwtWith(trusted(keys, { issuer }));
    expect(await under.outcome(tokenBy(EC, { iss: issuer }))).toBe('granted');
    expect(server.asked.slice(-2)).toEqual([place, '/jwks']);
  });

  test('are fetched again where they were found, and looked for anew when they are no longer there', async () => {
    const server = await keyServer();
    const issuer = server.origin;
    let place = '/jwks';
    server.answer = (request, response) => {
      if (request.url === place) keySet([EC.jwk])(request, response);
      else if (request.url?.startsWith('/.well-known/')) json({ issuer, jwks_uri: issuer + place })(request, response);
      else response.writeHead(404).end();
    };
    const outbound = { allowInsecureLoopback: true };
    const keys = { discovery: true, outbound, maxAgeSeconds: 10, maxStaleSeconds: 0 } as const;
    const under = jwtWith(trusted(keys, { issuer }));
    const ask = (jti: string) => under.outcome(tokenBy(EC, { iss: issuer, jti }));
    expect(await ask('token-1')).toBe('granted');
    under.clock.pass(10);
    expect(await ask('token-2')).toBe('granted');
    const metadata = '/.well-known/oauth-authorization-server';
    expect(server.asked).toEqual([metadata, '/jwks', '/jwks']);
    place = '/moved';
    under.clock.pass(10);
    expect(await ask('token-3')).toBe('503 err_sallyport_upstream_status');
    under.clock.pass(1);
    expect(await ask('token-3')).toBe('granted');
    expect(server.asked.slice(3)).toEqual(['/jwks', metadata, '/moved']);
  });

  test('are not taken from metadata that name another issuer (RFC 8414 3.3)', async () => {
    const server = await keyServer();
    server.answer = json({ issuer: 'https://evil.test', jwks_uri: server.jwksUri });
    const keys = { discovery: true, outbound: { allowInsecureLoopback: true } } as const;
    const under = jwtWith(trusted(keys, { issuer: server.origin }));
    expect(await under.outcome(tokenBy(EC, { iss: server.origin }))).toBe('503 err_sallyport_upstream_body');
    expect(server.asked).toEqual(PLACES);
  });

  test.each<[string, TrustedIssuer['keys']]>([
    ['a static JWKS', { jwks: { keys: [EC.jwk] } }],
    ['a PEM', { publicKey: PEM }],
    ['a PEM with a kid', { publicKey: PEM, kid: 'key-1' }],
    ['a key object', { publicKey: EC.publicKey }],
  ])('come from %s', async (_, keys) => {
    const under = jwtWith(trusted(keys));
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER_EC))).toBe('401 signature_invalid');
  });

  test('that were configured with a kid are not for tokens that name another (RFC 7515 4.1.4)', async () => {
    expect(await jwtWith(withPem()).outcome(tokenBy(EC, {}, { kid: 'key-2' }))).toBe('401 key_unknown');
  });

  test.each<[string, object]>([
    ['use', { use: 'enc' }],
    ['key_ops', { key_ops: ['sign'] }],
    ['alg', { alg: 'ES384' }],
    ['kty', { kty: 'oct', k: 'c2VjcmV0' }],
    ['x', { x: 'AAAA' }],
    ['spelling', { x: `${EC.jwk.x}!` }],
  ])('are left out when their %s says that they are not for this (RFC 7517 4)', async (_, changes) => {
    const server = await keyServer({ ...EC.jwk, ...changes }, newKey('ES256', 'key-2').jwk);
    expect(await jwtWith(trusted(published(server))).outcome(tokenBy(EC))).toBe('401 key_unknown');
  });

  test.each<[string, RSAKeyPairKeyObjectOptions]>([
    ['of 1 024 bits', { modulusLength: 1_024 }],
    ['of 2 047 bits', { modulusLength: 2_047 }],
    ['with the exponent 3', { modulusLength: 2_048, publicExponent: 3 }],
  ])('%s are too weak, published or configured (RFC 7518 3.3)', async (_, options) => {
    const weak = { ...RSA, ...generateKeyPairSync('rsa', options) };
    const jwk = { ...weak.publicKey.export({ format: 'jwk' }), kid: weak.kid };
    const server = await keyServer(jwk, EC.jwk);
    const under = jwtWith(trusted(published(server), { algorithms: ['RS256', 'ES256'] }));
    expect(await under.outcome(tokenBy(weak))).toBe('401 key_unknown');
    expect(() => jwtWith(trusted({ publicKey: weak.publicKey }, { algorithms: 'RS256' }))).toThrow(/2048 bits/);
  });

  test('without alg are for every allowed algorithm that they fit, and for no other (RFC 7517 4.4)', async () => {
    const { alg: _, ...jwk } = RSA.jwk;
    const server = await keyServer(jwk, EC.jwk);
    const keys = published(server);
    const [rs, ps] = [tokenBy(RSA), tokenBy({ ...RSA, algorithm: 'PS256' })];
    const one = jwtWith(trusted(keys, { algorithms: ['RS256', 'RS384', 'ES256'] }));
    expect([await one.outcome(rs), await one.outcome(ps)]).toEqual(['granted', '401 algorithm_not_allowed']);
    const both = jwtWith(trusted(keys, { algorithms: ['RS256', 'PS256', 'ES256'] }));
    expect([await both.outcome(rs), await both.outcome(ps)]).toEqual(['granted', 'granted']);
    expect(await both.outcome(tokenBy({ ...EC, kid: RSA.kid }))).toBe('401 key_unfit');
  });

  test('with alg are for that algorithm only (RFC 7517 4.4)', async () => {
    const under = jwtWith(trusted({ jwks: { keys: [RSA.jwk] } }, { algorithms: ['RS256', 'PS256'] }));
    expect(await under.outcome(tokenBy({ ...RSA, algorithm: 'PS256' }))).toBe('401 key_unfit');
    expect(await under.outcome(tokenBy(RSA))).toBe('granted');
  });

  test('that share a kid are not used, neither the one nor the other (RFC 7517 4.5)', async () => {
    const third = newKey('ES256', 'key-3');
    const under = jwtWith(trusted({ jwks: { keys: [EC.jwk, OTHER_EC.jwk, third.jwk] } }));
    expect(await under.outcome(tokenBy(EC))).toBe('401 key_unfit');
    expect(await under.outcome(tokenBy(OTHER_EC))).toBe('401 key_unfit');
    expect(await under.outcome(tokenBy(third))).toBe('granted');
  });

  test.each(['jwk', 'jku', 'x5c', 'x5u'])(
    'in the header (%s) are neither used nor fetched (RFC 8725 3.10)',
    async (name) => {
      const evil = await keyServer(OTHER_EC.jwk);
      const offers: Record<string, unknown> = {
        jwk: OTHER_EC.jwk,
        jku: evil.jwksUri,
        x5u: evil.jwksUri,
        x5c: [PEM.replace(/-----[^-]+-----|\n/g, '')],
      };
      const under = jwtWith(withPem());
      const header = { [name]: offers[name] };
      expect(await under.outcome(tokenBy(OTHER_EC, {}, header))).toBe('401 signature_invalid');
      expect(await under.outcome(tokenBy(EC, {}, header))).toBe('granted');
      expect(evil.fetches).toBe(0);
      expect(under.handler.statistics.keyOffers).toBe(2);
    },
  );
});
