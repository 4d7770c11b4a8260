import { describe, expect, test } from '@jest/globals';
import type { TrustedIssuer } from '@sallyport/handlers/jwt';
import { jwtWith, NOON, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const OTHER_EC = newKey('ES256', 'key-1');

function withKey(changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return trusted({ publicKey: EC.publicKey }, changes);
}

describe.each([0, 5, 60])('with a tolerance of %i s', (clockToleranceSeconds) => {
  const under = () => jwtWith(withKey(), { clockToleranceSeconds });

  test('a token is good up to the last second before its exp and the tolerance (RFC 7519 4.1.4)', async () => {
    const jwt = under();
    const token = tokenBy(EC, { exp: NOON + 100 });
    jwt.clock.pass(100 + clockToleranceSeconds - 1);
    expect(await jwt.outcome(token)).toBe('granted');
    jwt.clock.pass(0.999);
    expect(await jwt.outcome(token)).toBe('granted');
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('401 token_expired');
  });

  test('a token is good from its nbf on, less the tolerance (RFC 7519 4.1.5)', async () => {
    const jwt = under();
    const token = tokenBy(EC, { nbf: NOON + 100 });
    jwt.clock.pass(100 - clockToleranceSeconds - 0.001);
    expect(await jwt.outcome(token)).toBe('401 token_not_yet_valid');
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('granted');
  });

  test('a token is good from its iat on, less the tolerance (RFC 7519 4.1.6)', async () => {
    const jwt = under();
    const token = tokenBy(EC, { iat: NOON + 100 });
    jwt.clock.pass(100 - clockToleranceSeconds - 0.001);
    expect(await jwt.outcome(token)).toBe('401 token_issued_in_future');
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('granted');
  });

  test('a token is good up to its greatest age and the tolerance, remembered or not', async () => {
    const jwt = jwtWith(withKey({ maxTokenAgeSeconds: 3_600 }), { clockToleranceSeconds });
    const token = tokenBy(EC, { iat: NOON - 3_590, exp: NOON + 9_000 });
    expect(await jwt.decide(token)).toMatchObject({ kind: 'granted', principal: { expiresAt: NOON + 10 } });
    jwt.clock.pass(9);
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
    jwt.clock.pass(1 + clockToleranceSeconds);
    expect(await jwt.outcome(token)).toBe('granted');
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('401 token_too_old');
  });
});

describe('a verified token is remembered', () => {
  test.each([
    [undefined, 300],
    [{ ttlSeconds: 300 }, 300],
    [{ ttlSeconds: 1 }, 1],
  ])('with %j for %i s', async (cache, seconds) => {
    const jwt = jwtWith(withKey(), { cache });
    const token = tokenBy(EC);
    await jwt.decide(token);
    jwt.clock.pass(seconds - 1);
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('granted');
    expect(jwt.handler.statistics.cache).toMatchObject({ hits: 1, misses: 2 });
  });

  test('not at all with a lifetime of 0', async () => {
    const jwt = jwtWith(withKey(), { cache: { ttlSeconds: 0 } });
    const token = tokenBy(EC);
    expect([await jwt.outcome(token), await jwt.outcome(token)]).toEqual(['granted', 'granted']);
    expect(jwt.handler.statistics.cache).toMatchObject({ hits: 0, misses: 2 });
  });

  test('never beyond its own exp: within the tolerance it is verified each time (RFC 7519 4.1.4)', async () => {
    const jwt = jwtWith(withKey(), { cache: { ttlSeconds: 3_600 } });
    const token = tokenBy(EC, { exp: NOON + 100 });
    await jwt.decide(token);
    jwt.clock.pass(99);
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
    for (const step of [1, 1, 3.999]) {
      jwt.clock.pass(step);
      expect(await jwt.outcome(token)).toBe('granted');
    }
    expect(jwt.verified).toBe(4);
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(token)).toBe('401 token_expired');
  });

  test('only as long as the clock on the wall says so, too: set forward, it is expired at once', async () => {
    const jwt = jwtWith(withKey(), { cache: { ttlSeconds: 3_600 } });
    const token = tokenBy(EC);
    await jwt.decide(token);
    jwt.clock.set(605);
    expect(await jwt.outcome(token)).toBe('401 token_expired');
  });

  test('not longer because the clock on the wall was set back', async () => {
    const jwt = jwtWith(withKey());
    const token = tokenBy(EC);
    await jwt.decide(token);
    jwt.clock.set(-3_600);
    jwt.clock.pass(299);
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('401 token_issued_in_future');
  });
});

describe('a refusal is remembered', () => {
  test.each([
    [undefined, 5],
    [{ negativeTtlSeconds: 60 }, 60],
  ])('with %j for %i s', async (cache, seconds) => {
    const jwt = jwtWith(withKey(), { cache });
    const token = tokenBy(OTHER_EC);
    await jwt.decide(token);
    jwt.clock.pass(seconds - 1);
    expect(jwt.decide(token)).toMatchObject({ reason: 'signature_invalid' });
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('401 signature_invalid');
    expect(jwt.verified).toBe(2);
  });

  test('not at all with a lifetime of 0', async () => {
    const jwt = jwtWith(withKey(), { cache: { negativeTtlSeconds: 0 } });
    await jwt.decide(tokenBy(OTHER_EC));
    expect(jwt.handler.statistics.cache).toMatchObject({ negativeEntries: 0 });
  });
});
