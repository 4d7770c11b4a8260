import { describe, expect, jest, test } from '@jest/globals';
import type { TrustedIssuer } from '@sallyport/handlers/jwt';
import { AUDIENCE, type ClaimChanges, ISSUER, jwtWith, NOON, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');

function withPem(changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return trusted({ publicKey: EC.publicKey, kid: EC.kid }, changes);
}

describe('typ', () => {
  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('may be %s (RFC 9068 2.1, RFC 7515 4.1.9)', async (typ) => {
    expect(await jwtWith(withPem()).outcome(tokenBy(EC, {}, { typ }))).toBe('granted');
  });

  test.each(['JWT', undefined])('%s is refused unless it was allowed (RFC 9068 4)', async (typ) => {
    const token = tokenBy(EC, {}, { typ });
    expect(await jwtWith(withPem()).outcome(token)).toBe('401 token_type_refused');
    const tolerant = withPem({ acceptTyp: ['jwt'], allowMissingTyp: true });
    expect(await jwtWith(tolerant).outcome(token)).toBe('granted');
    expect(await jwtWith(tolerant).outcome(tokenBy(EC, {}, { typ: 'dpop+jwt' }))).toBe('401 token_type_refused');
  });

  test('that is tolerated still needs the shape of an access token, so no ID token passes (RFC 8725 3.12)', async () => {
    const idToken = { client_id: undefined, scope: undefined, nonce: 'n', azp: 'web-shop' };
    const token = tokenBy(EC, idToken, { typ: 'JWT' });
    expect(await jwtWith(withPem({ acceptTyp: ['JWT'] })).outcome(token)).toBe('401 access_token_shape_missing');
    const named = withPem({ acceptTyp: ['JWT'], accessTokenClaims: ['azp'] });
    expect(await jwtWith(named).outcome(token)).toBe('granted');
  });
});

describe('claims', () => {
  test.each(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'])('need %s (RFC 9068 2.2)', async (name) => {
    const outcome = await jwtWith(withPem()).outcome(tokenBy(EC, { [name]: undefined }));
    expect(outcome).toMatch(/^401 (claim_missing|audience_mismatch|credentials_unrecognised)$/);
  });

  test('need no exp where that was said, and are remembered for a while only', async () => {
    const under = jwtWith(withPem({ allowMissingExpiry: true }));
    const token = tokenBy(EC, { exp: undefined });
    expect(await under.outcome(token)).toBe('granted');
    under.clock.pass(301);
    expect(await under.outcome(token)).toBe('granted');
    expect(under.verified).toBe(2);
  });

  test('need what is required instead of what RFC 9068 requires, where that was said', async () => {
    const under = jwtWith(withPem({ requiredClaims: ['tenant'] }));
    expect(await under.outcome(tokenBy(EC))).toBe('401 claim_missing');
    expect(await under.outcome(tokenBy(EC, { tenant: null }))).toBe('401 claim_missing');
    expect(await under.outcome(tokenBy(EC, { tenant: 7, jti: undefined, client_id: undefined }))).toBe('granted');
  });

  test('keep the rules that were given: exact values and functions', async () => {
    const under = jwtWith(
      withPem({ claimRules: { tenant: 'blue', level: (level, { sub }) => level === 3 && sub === 'alice' } }),
    );
    expect(await under.outcome(tokenBy(EC, { tenant: 'blue', level: 3 }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { tenant: 'blue', level: 3, sub: 'bob' }))).toBe('401 claim_rule_broken');
    expect(await under.outcome(tokenBy(EC, { tenant: 'blues', level: 3 }))).toBe('401 claim_rule_broken');
    expect(await under.outcome(tokenBy(EC, { tenant: ['blue'], level: 3 }))).toBe('401 claim_rule_broken');
    expect(await under.outcome(tokenBy(EC, { level: 3 }))).toBe('401 claim_rule_broken');
  });

  test.each<[string, () => unknown]>([
    ['a promise', async () => true],
    ['a promise that rejects', async () => Promise.reject(new Error('broken'))],
    ['a truthy value', () => 1],
    [
      'an error',
      () => {
        throw new Error('broken');
      },
    ],
  ])('whose rule answers with %s are refused as a bug: 500', async (_, rule) => {
    const under = jwtWith(withPem({ claimRules: { sub: rule as () => boolean } }));
    expect(await under.outcome(tokenBy(EC))).toBe('500 handler_threw');
  });

  test('with a cnf that nobody proves are refused (RFC 7800 3.1)', async () => {
    const under = jwtWith(withPem());
    const [jkt, x5t] = ['0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I', 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'];
    for (const cnf of [{ jkt }, { 'x5t#S256': x5t }, { jkt, 'x5t#S256': x5t }]) {
      expect(await under.outcome(tokenBy(EC, { cnf }))).toBe('401 confirmation_unproved');
    }
    expect(await under.outcome(tokenBy(EC, { cnf: null }))).toBe('granted');
  });

  test.each([
    ['a number', { sub: 42 }, 'claim_sub_mistyped'],
    ['empty', { sub: '' }, 'claim_missing'],
    ['null', { sub: null }, 'claim_missing'],
    ['absent', { sub: undefined }, 'claim_missing'],
    ['a list', { sub: ['alice'] }, 'claim_sub_mistyped'],
  ])('whose sub is %s are refused unless the mapping names somebody (RFC 9068 2.2)', async (_what, changes, reason) => {
    const token = tokenBy(EC, changes);
    expect(await jwtWith(withPem()).outcome(token)).toBe(`401 ${reason}`);
    expect(await jwtWith(withPem({ mapPrincipal: (init) => init })).outcome(token)).toBe(`401 ${reason}`);
    const naming = withPem({
      mapPrincipal: (init, { sub, client_id: client }) => ({ ...init, subject: String(sub || client) }),
    });
    expect(await jwtWith(naming).outcome(token)).toBe('granted');
  });

  test('whose sub is no text are nobody, and not their client (RFC 9068 2.2)', async () => {
    const under = jwtWith(withPem({ requiredClaims: ['iat'] }));
    expect(await under.outcome(tokenBy(EC, { sub: 42 }))).toBe('401 claim_sub_mistyped');
    expect(await under.outcome(tokenBy(EC, { sub: null, username: 7 }))).toBe('401 claim_username_mistyped');
    expect(await under.outcome(tokenBy(EC, { sub: null }))).toBe('granted');
  });

  test('that no at+jwt needs a client_id for may use that name for something else (RFC 7519 4.3)', async () => {
    const under = jwtWith(withPem({ acceptTyp: ['JWT'] }));
    expect(await under.outcome(tokenBy(EC, { client_id: { a: 1 } }, { typ: 'JWT' }))).toBe('granted');
    const unlike = tokenBy(EC, { client_id: { a: 1 }, scope: undefined }, { typ: 'JWT' });
    expect(await under.outcome(unlike)).toBe('401 access_token_shape_missing');
    expect(await under.outcome(tokenBy(EC, { client_id: { a: 1 } }))).toBe('401 claim_client_id_mistyped');
  });

  test('may say that they never end only where that was allowed, and are remembered for a while only', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const token = tokenBy(EC, { exp: 2 ** 63 });
    expect(await jwtWith(withPem()).outcome(token)).toBe('401 claim_exp_beyond_year_9999');
    expect(warn).not.toHaveBeenCalled();
    const under = jwtWith(withPem({ allowExpiryBeyondYear9999: true }));
    expect(warn.mock.calls).toEqual([[expect.stringContaining('allowExpiryBeyondYear9999'), 'SallyportWarning']]);
    warn.mockRestore();
    expect(await under.outcome(token)).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { nbf: 1.8e12 }))).toBe('401 claim_nbf_beyond_year_9999');
    expect(await under.outcome(tokenBy(EC, { exp: undefined }))).toBe('401 claim_missing');
    under.clock.pass(301);
    expect(await under.outcome(token)).toBe('granted');
    expect(under.verified).toBe(4);
  });

  test('may be issued ahead by a tolerance of its own, with a warning at start', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const under = jwtWith(withPem(), { issuedAheadToleranceSeconds: 60 });
    expect(warn.mock.calls).toEqual([[expect.stringContaining('issuedAheadToleranceSeconds'), 'SallyportWarning']]);
    warn.mockRestore();
    expect(await under.outcome(tokenBy(EC, { iat: NOON + 60 }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { iat: NOON + 61 }))).toBe('401 token_issued_in_future');
  });

  test('name the audience exactly, alone or in a list (RFC 7519 4.1.3)', async () => {
    const under = jwtWith(withPem({ audience: [AUDIENCE, 'urn:api'] }));
    for (const aud of ['urn:api', ['urn:other', 'urn:api']]) {
      expect(await under.outcome(tokenBy(EC, { aud }))).toBe('granted');
    }
    for (const aud of ['urn:ap', 'urn:api2', 'URN:API', [], ['urn:other'], '']) {
      expect(await under.outcome(tokenBy(EC, { aud }))).toBe('401 audience_mismatch');
    }
  });
});

describe('scopes and roles', () => {
  test.each<[string, Partial<TrustedIssuer>, ClaimChanges, { scopes: string[]; roles: string[] }]>([
    ['scope is a text of words', {}, { scope: 'a  b' }, { scopes: ['a', 'b'], roles: [] }],
    ['scope may be a list', {}, { scope: ['a', 'b'] }, { scopes: ['a', 'b'], roles: [] }],
    [
      'roles may stand further down',
      { rolesClaims: ['realm_access.roles', 'resource_access.api.roles'] },
      { scope: 'a', realm_access: { roles: ['x'] }, resource_access: { api: { roles: ['y'] } } },
      { scopes: ['a'], roles: ['x', 'y'] },
    ],
    ['scp is none by default', {}, { scope: undefined, scp: 'a' }, { scopes: [], roles: [] }],
    ['scp may be named', { scopeClaims: 'scp' }, { scope: 'x', scp: 'a b' }, { scopes: ['a', 'b'], roles: [] }],
    ['scp may be a list', { scopeClaims: 'scp' }, { scp: ['a', 3, '', 'b'] }, { scopes: ['a', 'b'], roles: [] }],
    [
      'several claims add up',
      { scopeClaims: ['scope', 'permissions'] },
      { scope: 'a b', permissions: ['b', 'c'] },
      { scopes: ['a', 'b', 'c'], roles: [] },
    ],
    ['roles are a list', {}, { scope: 'a', roles: ['x', 'y'] }, { scopes: ['a'], roles: ['x', 'y'] }],
    [
      'groups may be roles',
      { rolesClaims: ['groups'] },
      { scope: '', groups: 'g h' },
      { scopes: [], roles: ['g', 'h'] },
    ],
  ])('%s (RFC 9068 2.2.3)', async (_, changes, claims, expected) => {
    const decision = await jwtWith(withPem(changes)).decide(tokenBy(EC, claims));
    expect(decision).toMatchObject({ kind: 'granted', principal: expected });
  });

  test('may be mapped, but issuer, audience and expiry stay what they are', async () => {
    const under = jwtWith(
      withPem({
        mapPrincipal: (init, claims) => ({
          ...init,
          issuer: 'https://evil.test',
          expiresAt: NOON + 9e9,
          audience: ['*'],
          roles: (claims['realm_access'] as { roles: string[] }).roles,
        }),
      }),
    );
    expect(await under.decide(tokenBy(EC, { realm_access: { roles: ['admin'] } }))).toMatchObject({
      principal: { issuer: ISSUER, audience: [AUDIENCE], expiresAt: NOON + 600, roles: ['admin'], subject: 'alice' },
    });
  });
});
