import crypto, { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import { anyOf, authenticated, createPrincipal, Revocations, SecurityChain } from '@sallyport/core';
import { bearerChallenge } from '@sallyport/core/extend';
import type { SignatureAlgorithm, TrustedIssuer } from '@sallyport/handlers/jwt';
import {
  AUDIENCE,
  bearerRequest,
  CLAIMS,
  ISSUER,
  jwtWith,
  keyServer,
  NOON,
  published,
  tokenBy,
  trusted,
} from './jwt-fixture.js';
import { newKey, tokenOf } from './signing.js';

const EC = newKey('ES256', 'key-1');
const OTHER_EC = newKey('ES256', 'key-1');
const RSA = newKey('RS256');
const PEM = EC.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const SECRET = randomBytes(64);
const SECRET_KEY = createSecretKey(SECRET);

function withPem(changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return trusted({ publicKey: PEM, kid: EC.kid }, changes);
}

function hmacToken(changes: object = {}, algorithm = 'HS256'): string {
  const header = JSON.stringify({ alg: algorithm, typ: 'at+jwt' });
  return tokenOf(header, JSON.stringify({ ...CLAIMS, ...changes }), algorithm, SECRET_KEY);
}

describe('a good token', () => {
  test('gives a principal of its claims, without the token itself (RFC 9068 2.2)', async () => {
    const under = jwtWith(withPem());
    const token = tokenBy(EC, { roles: ['admin'], acr: 'high', amr: ['pwd', 'otp'], auth_time: NOON - 700 });
    const decision = await under.decide(token);
    expect(decision).toMatchObject({
      kind: 'granted',
      principal: {
        kind: 'user',
        issuer: ISSUER,
        subject: 'alice',
        clientId: 'web-shop',
        scopes: ['orders:read', 'orders:write'],
        roles: ['admin'],
        audience: [AUDIENCE],
        expiresAt: NOON + 600,
        issuedAt: NOON - 600,
        authenticatedAt: NOON - 700,
        acr: 'high',
        amr: ['pwd', 'otp'],
        via: [{ handler: 'jwt', scheme: 'bearer' }],
      },
    });
    expect(JSON.stringify(decision)).not.toContain(token.slice(-20));
  });

  test('of a client that acts for itself is that client (RFC 9068 2.2 sub)', async () => {
    const decision = await jwtWith(withPem()).decide(tokenBy(EC, { sub: 'web-shop' }));
    expect(decision).toMatchObject({ principal: { kind: 'client', subject: 'web-shop', clientId: 'web-shop' } });
  });

  test.each<SignatureAlgorithm>(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])(
    'may be signed with %s (RFC 7518 3.1)',
    async (alg) => {
      const key = { ...RSA, algorithm: alg };
      const under = jwtWith(trusted({ publicKey: RSA.publicKey }, { algorithms: alg }));
      expect(await under.outcome(tokenBy(key))).toBe('granted');
      expect(await under.outcome(tokenBy(key, {}, { alg: 'RS999' }))).toBe('401 algorithm_not_allowed');
    },
  );

  test.each<SignatureAlgorithm>(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
    'may be signed with %s (RFC 7518 3.4)',
    async (alg) => {
      const key = newKey(alg);
      const under = jwtWith(trusted({ publicKey: key.publicKey }, { algorithms: alg }));
      expect(await under.outcome(tokenBy(key))).toBe('granted');
      expect(await under.outcome(tokenBy({ ...newKey(alg), kid: key.kid }))).toBe('401 signature_invalid');
    },
  );

  test.each<SignatureAlgorithm>(['HS256', 'HS384', 'HS512'])(
    'may be signed with a shared secret and %s (RFC 7518 3.2)',
    async (alg) => {
      const under = jwtWith(trusted({ secret: SECRET }, { algorithms: alg }));
      expect(await under.outcome(hmacToken({}, alg))).toBe('granted');
      const other = createSecretKey(randomBytes(64));
      const forged = tokenOf(JSON.stringify({ alg, typ: 'at+jwt' }), JSON.stringify(CLAIMS), alg, other);
      expect(await under.outcome(forged)).toBe('401 signature_invalid');
    },
  );
});

test('an HMAC is compared whole, in constant time (CWE-208)', async () => {
  const compared = jest.spyOn(crypto, 'timingSafeEqual');
  const under = jwtWith(trusted({ secret: SECRET }, { algorithms: 'HS256' }));
  const [header, claims, signature] = hmacToken().split('.') as [string, string, string];
  for (const index of [0, 31]) {
    const other = Buffer.from(signature, 'base64url');
    other[index] = (other[index] as number) ^ 1;
    expect(await under.outcome([header, claims, other.toString('base64url')].join('.'))).toBe('401 signature_invalid');
  }
  const lengths = compared.mock.calls.map(([left, right]) => [left.byteLength, right.byteLength]);
  compared.mockRestore();
  expect(lengths).toEqual([
    [32, 32],
    [32, 32],
  ]);
});

describe('a token seen before', () => {
  test('is decided in the same tick, without looking for a key', async () => {
    const server = await keyServer(EC.jwk);
    const under = jwtWith(trusted(published(server)));
    const token = tokenBy(EC);
    const first = under.decide(token);
    expect(first).toBeInstanceOf(Promise);
    await first;
    await server.close();
    expect(under.decide(token)).toMatchObject({ kind: 'granted', principal: { subject: 'alice' } });
    expect(under.handler.statistics.cache).toMatchObject({ hits: 1, misses: 1 });
  });

  test('is told apart from one that differs in its signature alone', async () => {
    const under = jwtWith(withPem());
    const token = tokenBy(EC);
    expect(await under.outcome(token)).toBe('granted');
    const [header, claims] = token.split('.');
    const otherSignature = tokenBy(OTHER_EC).split('.')[2];
    expect(await under.outcome(`${header}.${claims}.${otherSignature}`)).toBe('401 signature_invalid');
  });

  test('is refused at once when it was revoked, by itself or by its jti', async () => {
    const revocations = new Revocations();
    const under = jwtWith(withPem(), {}, { revocations });
    const [first, second] = [tokenBy(EC), tokenBy(EC, { jti: 'token-2' })];
    expect([await under.outcome(first), await under.outcome(second)]).toEqual(['granted', 'granted']);
    await revocations.revokeToken(first);
    await revocations.revokeJti('token-2', { issuer: ISSUER });
    expect(await under.outcome(first)).toBe('401 token_revoked');
    expect(await under.outcome(second)).toBe('401 token_revoked');
  });

  test('shows in the trace as a hit, under a fingerprint', async () => {
    const under = jwtWith(withPem());
    const token = tokenBy(EC);
    await under.decide(token);
    const { event } = await under.explain(token);
    expect(event.steps).toMatchObject([{ handler: 'jwt', verdict: 'authenticated', cache: 'hit' }]);
    expect(inspect(event, { depth: 9 })).not.toContain(token.slice(-20));
  });

  test('used a thousand times at once is verified once', async () => {
    const server = await keyServer(EC.jwk);
    const under = jwtWith(trusted(published(server)));
    const token = tokenBy(EC);
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => under.outcome(token)));
    expect(new Set(outcomes)).toEqual(new Set(['granted']));
    expect(under.handler.statistics.cache).toMatchObject({ misses: 1, joined: 999 });
    expect(server.fetches).toBe(1);
  });
});

describe('an issuer', () => {
  test('is bound to its own keys: those of another one do not count (RFC 8725 3.8)', async () => {
    const under = jwtWith([
      withPem(),
      trusted({ jwks: { keys: [RSA.jwk] } }, { issuer: 'https://other.example.com', algorithms: 'RS256' }),
    ]);
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    expect(await under.outcome(tokenBy(RSA, { iss: 'https://other.example.com' }))).toBe('granted');
    expect(await under.outcome(tokenBy(RSA))).toBe('401 algorithm_not_allowed');
    expect(await under.outcome(tokenBy(EC, { iss: 'https://other.example.com' }))).toBe('401 algorithm_not_allowed');
  });

  test('with the same kid and algorithm as another is still told apart (GHSA-4mq7-pvjg-xp2r)', async () => {
    const other = 'https://other.example.com';
    const under = jwtWith([withPem(), trusted({ jwks: { keys: [OTHER_EC.jwk] } }, { issuer: other })]);
    expect(await under.outcome(tokenBy(OTHER_EC, { iss: other }))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER_EC))).toBe('401 signature_invalid');
    expect(await under.outcome(tokenBy(EC, { iss: other }))).toBe('401 signature_invalid');
  });

  test.each([
    'https://as.example.com/',
    'https://AS.example.com',
    'https://as.example.com.evil.test',
    'as.example.com',
  ])('is compared exactly: %s is another one (RFC 8725 3.8)', async (iss) => {
    expect(await jwtWith(withPem()).outcome(tokenBy(EC, { iss }))).toBe('401 credentials_unrecognised');
  });

  test('that is unknown leaves its tokens to other handlers, and asks nobody', async () => {
    const under = jwtWith(withPem());
    const rest = {
      name: 'rest',
      challenges: [bearerChallenge('test')],
      source: { at: 'authorization:bearer', fallback: true },
      extract: () => 'a token',
      verify: () => authenticated(createPrincipal({ subject: 'of the rest' })),
    };
    const chain = new SecurityChain({ requirement: anyOf(under.handler, rest) });
    const ask = async (token: string) => chain.decide(bearerRequest(token));
    expect(await ask('an-opaque-token')).toMatchObject({ principal: { subject: 'of the rest' } });
    expect(await ask(tokenBy(EC, { iss: 'https://elsewhere.test' }))).toMatchObject({
      principal: { subject: 'of the rest' },
    });
    expect(await ask(tokenBy(EC))).toMatchObject({ principal: { subject: 'alice' } });
  });

  test('that is known owns its tokens: no other handler rescues a bad one', async () => {
    const under = jwtWith(withPem());
    const rest = {
      name: 'rest',
      challenges: [bearerChallenge('test')],
      source: { at: 'authorization:bearer', fallback: true },
      extract: () => 'a token',
      verify: () => authenticated(createPrincipal({ subject: 'of the rest' })),
    };
    const chain = new SecurityChain({ requirement: anyOf(under.handler, rest) });
    expect(await chain.decide(bearerRequest(tokenBy(OTHER_EC)))).toMatchObject({ reason: 'signature_invalid' });
  });
});

describe('a refusal', () => {
  test('is the same for every reason, and shows the reason to the trace alone (RFC 6750 3.1)', async () => {
    const under = jwtWith(withPem());
    const tokens = [
      tokenBy(OTHER_EC),
      tokenBy(EC, { exp: NOON - 60 }),
      tokenBy(EC, { aud: 'urn:other' }),
      tokenBy(EC, {}, { crit: ['exp'] }),
      tokenBy(EC, {}, { kid: 'key-9' }),
      `${tokenBy(EC)}=`,
    ];
    const answers = await Promise.all(
      tokens.map(async (token) => {
        const decision = await under.decide(token);
        if (decision.kind === 'granted') throw new Error('granted');
        const { status, headers, body } = decision;
        return JSON.stringify({ status, headers, body });
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('error=\\"invalid_token\\"');
    expect(answers[0]).toContain('"status":401');
  });

  test('is remembered for a short while: the same bad token is not verified twice', async () => {
    const under = jwtWith(withPem());
    const token = tokenBy(OTHER_EC);
    expect(await under.outcome(token)).toBe('401 signature_invalid');
    expect(under.decide(token)).toMatchObject({ kind: 'denied', reason: 'signature_invalid' });
    expect(under.handler.statistics.cache).toMatchObject({ negativeHits: 1, misses: 1 });
  });
});

test('what shows a credential shows its fingerprint', () => {
  const token = tokenBy(EC);
  const credential = jwtWith(withPem()).handler.extract(bearerRequest(token));
  for (const shown of [JSON.stringify({ credential }), inspect(credential), inspect({ credential }, { depth: 9 })]) {
    expect(shown).toMatch(/\[token [\w-]+\]/);
    expect(shown).not.toContain(token.slice(-20));
  }
});
