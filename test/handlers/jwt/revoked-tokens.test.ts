import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { allOf, guard, headerHandler, Revocations, SecurityChain } from '@sallyport/core';
import { type ReceivedNotices, type RevocationBus } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import type { DecryptionKey, JwtHandlerOptions, SignatureAlgorithm } from '@sallyport/handlers/jwt';
import { CompactEncrypt } from 'jose';
import { CLAIMS, ISSUER, type JwtUnderTest, jwtWith, NOON, outcomeOf, tokenBy, trusted } from './jwt-fixture.js';
import { base64url, newKey, type SigningKey, signatureOf } from './signing.js';

const REVOKED = '401 token_revoked';
const EC = newKey('ES256', 'key-1');

/** The orders of the curves' groups (FIPS 186-4 D.1.2). */
const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512: BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
};

/** The same token under a signature that anybody can make of the first one: (r, n - s). */
function mirrored(token: string, algorithm: string): string {
  const [header, payload, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const half = bytes.length / 2;
  const s = BigInt(`0x${bytes.subarray(half).toString('hex')}`);
  const other = ((ORDERS[algorithm] as bigint) - s).toString(16).padStart(2 * half, '0');
  return `${header}.${payload}.${base64url(Buffer.concat([bytes.subarray(0, half), Buffer.from(other, 'hex')]))}`;
}

/** The same token signed once more, as whoever has the key can. */
function signedAgain(token: string, key: SigningKey): string {
  const input = token.slice(0, token.lastIndexOf('.'));
  return `${input}.${base64url(signatureOf(input, key.algorithm, key.privateKey))}`;
}

function underRevocations(key: SigningKey, options: Partial<JwtHandlerOptions> = {}) {
  const clock = new ManualClock();
  const revocations = new Revocations({}, { clock });
  const issuer = trusted({ publicKey: key.publicKey }, { algorithms: key.algorithm as SignatureAlgorithm });
  return { clock, revocations, jwt: jwtWith(issuer, options, { clock, revocations }) };
}

describe('of a revoked token, another signature under the same signing input (RFC 7515 5.2)', () => {
  test.each(['ES256', 'ES384', 'ES512'])(
    '%s: the high-S twin is refused, verified before or not',
    async (algorithm) => {
      const key = newKey(algorithm);
      for (const isKnown of [true, false]) {
        const { jwt, revocations } = underRevocations(key);
        const token = tokenBy(key);
        const twin = mirrored(token, algorithm);
        if (isKnown) expect([await jwt.outcome(token), await jwt.outcome(twin)]).toEqual(['granted', 'granted']);
        expect(await revocations.revokeToken(twin)).toBe(true);
        expect([await jwt.outcome(token), await jwt.outcome(twin)]).toEqual([REVOKED, REVOKED]);
        expect(await jwt.outcome(tokenBy(key, { jti: 'token-2' }))).toBe('granted');
      }
    },
  );

  test.each(['PS256', 'ES256', 'EdDSA'])('%s: a token that was signed again is refused', async (algorithm) => {
    const key = newKey(algorithm);
    const { jwt, revocations } = underRevocations(key);
    const token = tokenBy(key);
    const again = signedAgain(token, key);
    expect(await jwt.outcome(again)).toBe('granted');
    revocations.revokeToken(token);
    expect(await jwt.outcome(again)).toBe(REVOKED);
  });

  test('is refused also where it was being verified', async () => {
    const slow = newKey('ES384');
    const { jwt, revocations } = underRevocations(slow);
    const token = tokenBy(slow);
    const pending = jwt.outcome(mirrored(token, 'ES384'));
    revocations.revokeToken(token);
    expect(await pending).toBe(REVOKED);
  });
});

describe('an encrypted token (RFC 7516)', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const opening: DecryptionKey = { key: pair.privateKey, algorithms: 'RSA-OAEP-256', contentEncryption: 'A256GCM' };
  const encrypted = (text: string) =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(pair.publicKey);
  const opened = () => underRevocations(EC, { decryptionKeys: [opening] });

  test('falls with the token inside, remembered or not, with any signature on it', async () => {
    const { jwt, revocations } = opened();
    const token = tokenBy(EC);
    const [known, unknown] = [await encrypted(token), await encrypted(mirrored(token, 'ES256'))];
    const other = await encrypted(tokenBy(EC, { jti: 'token-2' }));
    expect([await jwt.outcome(known), await jwt.outcome(other)]).toEqual(['granted', 'granted']);
    revocations.revokeToken(token);
    expect([await jwt.outcome(known), await jwt.outcome(unknown)]).toEqual([REVOKED, REVOKED]);
    expect(jwt.decide(other)).toMatchObject({ kind: 'granted' });
  });

  test('is revoked together with the token inside, and so with every other encryption of it', async () => {
    const { jwt, revocations } = opened();
    const token = tokenBy(EC);
    const [revoked, again] = [await encrypted(token), await encrypted(token)];
    expect(await jwt.outcome(again)).toBe('granted');
    expect(await revocations.revokeToken(revoked)).toBe(true);
    expect([await jwt.outcome(revoked), await jwt.outcome(again), await jwt.outcome(token)]).toEqual(
      Array(3).fill(REVOKED),
    );
    expect(await jwt.outcome(await encrypted(mirrored(token, 'ES256')))).toBe(REVOKED);
  });

  test('whose inner token is revoked while it is opened is refused, and not remembered', async () => {
    const { jwt, revocations } = opened();
    const token = tokenBy(EC);
    const pending = jwt.outcome(await encrypted(token));
    revocations.revokeToken(token);
    expect(await pending).toBe(REVOKED);
    expect(jwt.handler.statistics.cache.entries).toBe(0);
  });

  test('that no handler can open is revoked by its text, and so is it after its handler was closed', async () => {
    const { jwt, revocations } = opened();
    const token = tokenBy(EC);
    await jwt.handler.close();
    const revoked = await encrypted(token);
    expect(await revocations.revokeToken(revoked)).toBe(true);
    expect(await revocations.revokeToken(`${base64url('{"alg":"dir","enc":"A256GCM"}')}..YQ.YQ.YQ`)).toBe(true);
    expect(revocations.refuses(revoked)).toBe(true);
    expect(revocations.refuses(token)).toBe(false);
  });

  test('is revoked with the token inside again where its handler was started again, for another chain', async () => {
    const { jwt, revocations } = opened();
    await jwt.handler.close();
    await jwt.handler.start();
    const token = tokenBy(EC);
    expect(await revocations.revokeToken(await encrypted(token))).toBe(true);
    expect(await jwt.outcome(token)).toBe(REVOKED);
  });

  test('is revoked at the other instances with the token inside', async () => {
    const listeners: ((notice: string) => void)[] = [];
    const bus: RevocationBus = {
      publish: async (notice) => {
        for (const listener of listeners) listener(notice);
        return true;
      },
      receive: async (): Promise<ReceivedNotices> => ({ notices: [], isComplete: true }),
      listen: async (listener) => void listeners.push(listener),
      close: async () => {},
    };
    const secret = randomBytes(32).toString('hex');
    const [here, there] = [new Revocations({ secret }, { bus }), new Revocations({ secret }, { bus })];
    await there.start();
    const issuer = trusted({ publicKey: EC.publicKey });
    const clock = new ManualClock();
    jwtWith(issuer, { decryptionKeys: [opening] }, { clock, revocations: here });
    const other = jwtWith(issuer, { decryptionKeys: [opening] }, { clock, revocations: there });
    const token = tokenBy(EC);
    const known = await encrypted(token);
    expect(await other.outcome(known)).toBe('granted');
    await here.revokeToken(await encrypted(token));
    expect([await other.outcome(known), await other.outcome(mirrored(token, 'ES256'))]).toEqual([REVOKED, REVOKED]);
  });
});

describe('a token that lives for 7 days', () => {
  const exp = NOON + 7 * 86_400;
  const revoke: readonly (readonly [string, (revocations: Revocations, token: string) => Promise<boolean>])[] = [
    ['its text', (revocations, token) => revocations.revokeToken(token)],
    [
      'a text and an end that is too early',
      (revocations, token) => revocations.revokeToken(token, { expiresAt: NOON }),
    ],
    ['its jti', (revocations) => revocations.revokeJti(CLAIMS.jti, { issuer: ISSUER })],
    ['its client', (revocations) => revocations.revokeClient(CLAIMS.client_id, { issuer: ISSUER })],
    ['its subject', (revocations) => revocations.revokeSubject(CLAIMS.sub)],
    ['its time of issue', (revocations) => revocations.revokeSubject(CLAIMS.sub, { issuer: ISSUER, at: CLAIMS.iat })],
  ];

  test.each(revoke)(
    'stays revoked by %s until it ends, also where it was never seen before',
    async (_what, doRevoke) => {
      const { clock, revocations, jwt } = underRevocations(EC);
      const token = tokenBy(EC, { exp });
      expect(await doRevoke(revocations, token)).toBe(true);
      for (let day = 1; day < 7; day += 1) {
        clock.pass(86_400);
        expect(await jwt.outcome(token)).toBe(REVOKED);
      }
      clock.pass(86_400 + 59);
      expect(await jwt.outcome(token)).toMatch(/^401 token_(?:revoked|expired)$/);
    },
  );
});

test('a jti that is a number is revoked by its digits (RFC 7519 4.1.7)', async () => {
  const { revocations, jwt } = underRevocations(EC);
  await revocations.revokeJti('7', { issuer: ISSUER });
  expect(await jwt.outcome(tokenBy(EC, { jti: 7 }))).toBe(REVOKED);
  expect(await jwt.outcome(tokenBy(EC, { jti: 8 }))).toBe('granted');
});

test('a client_id that is a number is revoked by its digits (RFC 9068 2.2)', async () => {
  const { revocations, jwt } = underRevocations(EC);
  await revocations.revokeClient('7', { issuer: ISSUER });
  expect(await jwt.outcome(tokenBy(EC, { client_id: 7 }))).toBe(REVOKED);
});

describe('tokens without an end', () => {
  const endless = (maxTokenAgeSeconds?: number) =>
    trusted({ publicKey: EC.publicKey }, { allowMissingExpiry: true, maxTokenAgeSeconds });
  const invalid = expect.objectContaining({
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    message: expect.stringContaining('maxTokenAgeSeconds'),
  });

  test('are none either where their end may be beyond the year 9999', () => {
    const settings = trusted({ publicKey: EC.publicKey }, { allowExpiryBeyondYear9999: true });
    expect(() => jwtWith(settings, {}, { revocations: new Revocations() })).toThrow(invalid);
  });

  test.each([undefined, 3_601])('are no option with revocations and a greatest age of %p', (age) => {
    const revocations = new Revocations({ keepSeconds: 3_600 });
    expect(() => jwtWith(endless(age), {}, { revocations })).toThrow(invalid);
  });

  test('are accepted as long as revocations are kept, and without revocations', async () => {
    const revocations = new Revocations({ keepSeconds: 3_600 });
    jwtWith(endless(3_600), {}, { revocations });
    expect(await jwtWith(endless()).outcome(tokenBy(EC, { exp: undefined }))).toBe('granted');
  });

  test('are refused of a resolved issuer as well', async () => {
    const resolver = { trusts: [ISSUER], resolve: async () => endless() };
    const jwt = jwtWith([], { issuerResolver: resolver }, { revocations: new Revocations() });
    expect(await jwt.outcome(tokenBy(EC, { exp: undefined }))).toBe('500 handler_threw');
  });
});

describe('what happens to a token while its request waits for something else', () => {
  /** A second credential, or a guard, that waits until it is let go. */
  function waiting(jwt: JwtUnderTest) {
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const slow = headerHandler({
      name: 'slow',
      header: 'X-Slow',
      verify: () => gate.then(() => ({ subject: 'alice' })),
    });
    const slowGuard = guard('slow', () => gate.then(() => true));
    const chains: Record<string, SecurityChain> = {
      before: new SecurityChain({ requirement: allOf(slow, jwt.handler) }, { clock: jwt.clock }),
      after: new SecurityChain({ requirement: allOf(jwt.handler, slow) }, { clock: jwt.clock }),
      guard: new SecurityChain({ requirement: jwt.handler, guards: [slowGuard] }, { clock: jwt.clock }),
    };
    return { chains, letGo };
  }

  test.each([
    ['before', true],
    ['before', false],
    ['after', true],
    ['after', false],
    ['guard', true],
    ['guard', false],
  ])('waiting %s, remembered %p: a revoked or ended token is refused, another one is not', async (order, isKnown) => {
    const happenings: Record<string, (under: ReturnType<typeof underRevocations>, token: string) => void> = {
      [REVOKED]: ({ revocations }, token) => void revocations.revokeToken(mirrored(token, 'ES256')),
      '401 token_expired': ({ clock }) => clock.pass(2),
      granted: ({ revocations }) => void revocations.revokeSubject('bob', { issuer: ISSUER }),
    };
    for (const [outcome, happen] of Object.entries(happenings)) {
      const under = underRevocations(EC, { clockToleranceSeconds: 0 });
      const token = tokenBy(EC, { exp: NOON + 2 });
      if (isKnown) expect(await under.jwt.outcome(token)).toBe('granted');
      const { chains, letGo } = waiting(under.jwt);
      const request = buildRequest('GET /', { bearer: token, headers: { 'X-Slow': '1' } });
      const pending = chains[order]?.decide(request);
      await new Promise((resolve) => setImmediate(resolve));
      happen(under, token);
      letGo();
      const decision = await pending;
      expect(decision && outcomeOf(decision)).toBe(outcome);
    }
  });
});
