import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type SignatureAlgorithm, type TrustedIssuer } from '@sallyport/handlers/jwt';
import fc from 'fast-check';
import { compactVerify } from 'jose';
import { cases } from '../../support/random-cases.js';
import {
  CLAIMS,
  type JwtUnderTest,
  jwtWith,
  keyServer,
  outcomeOf,
  published,
  tokenBy,
  trusted,
} from './jwt-fixture.js';
import { newKey, tokenOf } from './signing.js';

/** So many signatures are checked at once in one turn of the event loop. */
const AT_ONCE = 4;
/** So many that come back from the thread pool go on in one turn. */
const GOING_ON = 8;
const QUICK = ['RS256', 'RS384', 'RS512', 'PS256', 'PS512', 'ES256', 'EdDSA', 'Ed25519'];
const SLOW = ['ES384', 'ES512'];
const BY_ALGORITHM = new Map([...QUICK, ...SLOW].map((algorithm) => [algorithm, newKey(algorithm)]));
const EC = keyOf('ES256');

function keyOf(algorithm: string) {
  return BY_ALGORITHM.get(algorithm) as ReturnType<typeof newKey>;
}

function verifying(algorithm: string, publicKey: KeyObject, changes: Partial<TrustedIssuer> = {}): JwtUnderTest {
  return jwtWith(trusted({ publicKey }, { algorithms: algorithm as SignatureAlgorithm, ...changes }));
}

/** A public key that has signed nothing: to make a pair of this size would take seconds. */
function rsaKey(bits: number, exponent: number): KeyObject {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  const e = Buffer.from(exponent.toString(16).padStart(8, '0'), 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Which of these tokens are decided at once, all of them in one turn. */
function atOnce(under: JwtUnderTest, tokens: readonly string[]): readonly boolean[] {
  return tokens.map((token) => !(under.decide(token) instanceof Promise));
}

describe('a token never seen before, whose key is known', () => {
  test.each(QUICK)('signed with %s is decided in the same tick', async (algorithm) => {
    const key = keyOf(algorithm);
    const under = verifying(algorithm, key.publicKey);
    await nextTurn();
    expect(under.decide(tokenBy(key))).toMatchObject({ kind: 'granted', principal: { subject: 'alice' } });
  });

  test('under a shared secret is decided in the same tick, however many come', async () => {
    const secret = createSecretKey(Buffer.alloc(32, 's'));
    const under = jwtWith(trusted({ secret }, { algorithms: 'HS256' }));
    const header = JSON.stringify({ alg: 'HS256', typ: 'at+jwt' });
    const tokens = Array.from({ length: 2 * AT_ONCE }, (_, index) =>
      tokenOf(header, JSON.stringify({ ...CLAIMS, jti: `${index}` }), 'HS256', secret),
    );
    expect(atOnce(under, tokens)).toEqual(tokens.map(() => true));
  });

  test('is decided in the same tick by keys that were fetched', async () => {
    const server = await keyServer(EC.jwk);
    const under = jwtWith(trusted(published(server)));
    await under.handler.start();
    await nextTurn();
    expect(under.decide(tokenBy(EC))).toMatchObject({ kind: 'granted' });
  });

  test('is refused in the same tick where its signature is wrong, and that is remembered', async () => {
    const under = verifying('ES256', EC.publicKey);
    const forged = tokenBy(newKey('ES256', EC.kid));
    await nextTurn();
    for (const times of [1, 2]) {
      expect(under.decide(forged)).toMatchObject({ reason: 'signature_invalid' });
      expect(under.handler.statistics.cache).toMatchObject({ misses: 1, negativeHits: times - 1, flights: 0 });
    }
  });

  test.each(SLOW)('waits for the thread pool where %s would block the event loop for long', async (algorithm) => {
    const key = keyOf(algorithm);
    const under = verifying(algorithm, key.publicKey);
    await nextTurn();
    const decision = under.decide(tokenBy(key));
    expect(decision).toBeInstanceOf(Promise);
    expect(await decision).toMatchObject({ kind: 'granted' });
  });

  test.each([
    ['a large modulus', 4_104, 0x10001],
    ['a large exponent', 2_048, 0x1000001],
  ])('waits for the thread pool where its RSA key has %s', async (_title, bits, exponent) => {
    const under = verifying('RS256', rsaKey(bits, exponent));
    await nextTurn();
    const decision = under.decide(tokenBy(keyOf('RS256')));
    expect(decision).toBeInstanceOf(Promise);
    expect(await decision).toMatchObject({ reason: 'signature_invalid' });
  });
});

describe('a header that was read before, of a token whose signature was right', () => {
  test('counts no less: what it offers is told each time', async () => {
    const under = verifying('ES256', EC.publicKey);
    for (const serial of [1, 2, 3]) {
      expect(await under.outcome(tokenBy(EC, { jti: `token-${serial}` }, { jwk: EC.jwk }))).toBe('granted');
      expect(under.handler.statistics.keyOffers).toBe(serial);
    }
  });

  test('is judged by the rules of its own issuer only', async () => {
    const { publicKey } = EC;
    const other = 'https://other.example.com';
    const strict = trusted({ publicKey }, { algorithms: 'ES256' });
    const lax = trusted({ publicKey }, { algorithms: 'ES256', issuer: other, acceptTyp: ['JWT'] });
    const under = jwtWith([strict, lax]);
    expect(await under.outcome(tokenBy(EC, { iss: other }, { typ: 'JWT' }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, {}, { typ: 'JWT' }))).toBe('401 token_type_refused');
  });

  test('proves nothing: the signature of the next token is checked', async () => {
    const under = verifying('ES256', EC.publicKey);
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    const forged = tokenBy(newKey('ES256', EC.kid), { jti: 'token-2' });
    expect(await under.outcome(forged)).toBe('401 signature_invalid');
  });

  test('may be one of many', async () => {
    const under = verifying('ES256', EC.publicKey);
    for (let serial = 0; serial < 130; serial += 1) {
      const token = tokenBy(EC, { jti: `token-${serial}` }, { nonce: `${serial}` });
      expect(await under.outcome(token)).toBe('granted');
    }
  });
});

describe('a crowd of first uses', () => {
  const crowd = (length: number) => Array.from({ length }, (_, index) => tokenBy(EC, { jti: `token-${index}` }));

  test('has a few signatures checked at once in each turn of the event loop, whichever handler is asked', async () => {
    const [one, other] = [verifying('ES256', EC.publicKey), verifying('ES256', EC.publicKey)];
    const tokens = crowd(3 * AT_ONCE);
    await nextTurn();
    expect(atOnce(one, tokens.slice(0, AT_ONCE - 1))).toEqual([true, true, true]);
    expect(atOnce(other, tokens.slice(0, 3))).toEqual([true, false, false]);
    await nextTurn();
    expect(atOnce(one, tokens.slice(AT_ONCE))).toEqual(tokens.slice(AT_ONCE).map((_, index) => index < AT_ONCE));
  });

  test('is answered in the same way, at once or by the thread pool', async () => {
    const under = verifying('ES256', EC.publicKey);
    const tokens = crowd(3 * AT_ONCE);
    await nextTurn();
    const decisions = await Promise.all(tokens.map((token) => under.decide(token)));
    expect(decisions.map(outcomeOf)).toEqual(tokens.map(() => 'granted'));
    expect(under.handler.statistics.cache).toMatchObject({ misses: tokens.length, flights: 0 });
  });

  test('goes on a few at a time, however many the thread pool has done', async () => {
    const under = verifying('ES384', keyOf('ES384').publicKey);
    const serials = Array.from({ length: 5 * GOING_ON }, (_, serial) => serial);
    const answered: number[] = [];
    const crowd = serials.map(async (serial) => {
      await under.decide(tokenBy(keyOf('ES384'), { jti: `token-${serial}` }));
      answered.push(serial);
    });
    // The event loop is busy meanwhile, as with the requests of others.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    const perTurn: number[] = [];
    for (let before = 0; answered.length < serials.length; before = answered.length) {
      await nextTurn();
      perTurn.push(answered.length - before);
    }
    await Promise.all(crowd);
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(GOING_ON);
    expect(answered.toSorted((one, other) => one - other)).toEqual(serials);
  });

  test('keeps nobody waiting who is remembered', async () => {
    const under = verifying('ES256', EC.publicKey);
    const known = tokenBy(EC);
    expect(await under.outcome(known)).toBe('granted');
    for (const token of crowd(5 * AT_ONCE)) {
      void under.decide(token);
      expect(under.decide(known)).toMatchObject({ kind: 'granted' });
    }
  });

  test('of one token is verified once', async () => {
    const under = verifying('ES384', keyOf('ES384').publicKey);
    const token = tokenBy(keyOf('ES384'));
    const decisions = await Promise.all(Array.from({ length: 100 }, () => under.decide(token)));
    expect(new Set(decisions.map(outcomeOf))).toEqual(new Set(['granted']));
    expect(under.handler.statistics.cache).toMatchObject({ misses: 1, joined: 99 });
  });
});

describe('another library is the judge of signatures', () => {
  const TOKENS = new Map([...BY_ALGORITHM].map(([algorithm, key]) => [algorithm, tokenBy(key)]));

  /** A signature with some bits turned, bytes left out or put in, or all of it something else. */
  const BENT = fc.oneof(
    fc.constant<(signature: Buffer) => Buffer>((signature) => signature),
    fc.nat(2_047).map((bit) => (signature: Buffer) => {
      const bent = Buffer.from(signature);
      const at = (bit >> 3) % bent.length;
      bent[at] = (bent[at] as number) ^ (1 << (bit & 7));
      return bent;
    }),
    fc.nat(256).map((length) => (signature: Buffer) => signature.subarray(0, length)),
    fc.uint8Array({ maxLength: 4 }).map((more) => (signature: Buffer) => Buffer.concat([signature, more])),
    fc.uint8Array({ minLength: 1, maxLength: 264 }).map((bytes) => () => Buffer.from(bytes)),
    fc.constantFrom(0, 255).map((byte) => (signature: Buffer) => Buffer.alloc(signature.length, byte)),
  );

  async function isGood(token: string, algorithm: string, publicKey: KeyObject): Promise<boolean> {
    return compactVerify(token, publicKey, { algorithms: [algorithm] }).then(
      () => true,
      () => false,
    );
  }

  test.each([...BY_ALGORITHM.keys()])('of %s: at once and by the thread pool', async (algorithm) => {
    const { publicKey } = keyOf(algorithm);
    const [header, claims, signature = ''] = (TOKENS.get(algorithm) as string).split('.');
    await fc.assert(
      fc.asyncProperty(BENT, async (bend) => {
        const bent = bend(Buffer.from(signature, 'base64url'));
        const token = `${header}.${claims}.${bent.toString('base64url')}`;
        const expected = (await isGood(token, algorithm, publicKey)) ? ['granted'] : ['401'];
        // The last of them find the turn used up.
        const askers = Array.from({ length: AT_ONCE + 1 }, () => verifying(algorithm, publicKey));
        const decisions = await Promise.all(askers.map((under) => under.decide(token)));
        expect([...new Set(decisions.map((decision) => outcomeOf(decision).split(' ')[0]))]).toEqual(expected);
      }),
      cases(50),
    );
  });
});
