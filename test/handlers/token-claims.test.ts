import { describe, expect, test } from '@jest/globals';
import {
  type ClaimExpectations,
  mistypedClaim,
  principalInit,
  scopesOf,
  unmetExpectation,
} from '../../packages/handlers/src/token/token-claims.js';

const NOW = 1_700_000_000;
const EXPECTED: ClaimExpectations = {
  issuer: 'https://as.example',
  audience: ['https://api.example', 'urn:api'],
  now: NOW,
  clockToleranceSeconds: 5,
};
const GOOD = {
  iss: 'https://as.example',
  aud: 'urn:api',
  sub: 'alice',
  client_id: 'app',
  exp: NOW + 60,
  iat: NOW - 60,
};
const reasonOf = (claims: object) => unmetExpectation({ ...GOOD, ...claims }, EXPECTED)?.reason;

describe('types of registered claims (RFC 7519 4.1)', () => {
  test.each([
    ...['iss', 'sub', 'client_id', 'jti', 'username'].flatMap((name) =>
      ['', 1, true, null, [], ['a'], {}, 'a\u0000', 'a\nb', 'a\u0085', 'a\u007f', 'a'.repeat(513), 'ä'.repeat(257)].map(
        (value) => ({ name, value }),
      ),
    ),
    ...['exp', 'nbf', 'iat', 'auth_time'].flatMap((name) =>
      ['1700000000', true, null, [], {}, 0, -1, Number.POSITIVE_INFINITY, Number.NaN, 253_402_300_800, 1.7e12].map(
        (value) => ({ name, value }),
      ),
    ),
    ...[1, true, null, {}, [1], ['a', null], [['a']]].map((value) => ({ name: 'aud', value })),
  ])('$name must not be $value', ({ name, value }) => {
    expect(mistypedClaim({ ...GOOD, [name]: value })).toEqual({ kind: 'mistyped', reason: `claim_${name}_mistyped` });
  });

  test.each([
    { sub: 'a'.repeat(512) },
    { sub: 'Ünïcode 💡' },
    { aud: ['a', 'b'] },
    { aud: [] },
    { exp: 253_402_300_799 },
    { exp: NOW + 0.5 },
    { nbf: 0.5 },
    { whatever: { is: ['private'] } },
  ])('%j is of the right type', (claims) => {
    expect(mistypedClaim({ ...GOOD, ...claims })).toBeUndefined();
  });
});

describe('what claims must say', () => {
  test.each([
    ['exp is over when now reaches it, tolerance included (RFC 7519 4.1.4)', { exp: NOW - 5 }, 'token_expired'],
    ['exp is not over before that', { exp: NOW - 4.999 }, undefined],
    ['nbf may be ahead by the tolerance (RFC 7519 4.1.5)', { nbf: NOW + 5 }, undefined],
    ['nbf may not be ahead by more', { nbf: NOW + 5.001 }, 'token_not_yet_valid'],
    ['iat may be ahead by the tolerance', { iat: NOW + 5 }, undefined],
    ['iat may not be ahead by more', { iat: NOW + 5.001 }, 'token_issued_in_future'],
    ['exp must be after iat', { exp: NOW + 4, iat: NOW + 4 }, 'token_lifetime_empty'],
    ['iss is compared exactly: a slash more', { iss: 'https://as.example/' }, 'issuer_mismatch'],
    ['iss is compared exactly: case', { iss: 'https://AS.example' }, 'issuer_mismatch'],
    ['aud needs one exact member (RFC 7519 4.1.3)', { aud: ['x', 'https://api.example'] }, undefined],
    ['aud is no prefix match', { aud: 'https://api.example/' }, 'audience_mismatch'],
    ['aud is no substring match', { aud: 'urn:ap' }, 'audience_mismatch'],
    ['aud is compared with case', { aud: 'URN:API' }, 'audience_mismatch'],
    ['aud must not be empty', { aud: [] }, 'audience_mismatch'],
    ['aud must be there where one is expected', { aud: undefined }, 'audience_mismatch'],
  ])('%s', (_title, claims, reason) => {
    expect(reasonOf(claims)).toBe(reason);
  });

  test('without an expected audience, aud is not looked at', () => {
    expect(unmetExpectation({ ...GOOD, aud: 'x' }, { ...EXPECTED, audience: undefined })).toBeUndefined();
  });
});

describe('the principal that claims name', () => {
  test.each([
    ['a b', ['a', 'b']],
    [' a  b ', ['a', 'b']],
    ['a\tb', ['a\tb']],
    ['A a', ['A', 'a']],
    ['', []],
    [undefined, []],
    [null, []],
    [['a'], []],
    [{ a: true }, []],
    [1, []],
  ])('scope %j means %j (RFC 6749 3.3)', (scope, scopes) => {
    expect(scopesOf(scope)).toEqual(scopes);
  });

  test('is a user with a subject of its own', () => {
    expect(principalInit({ ...GOOD, scope: 'read' })).toMatchObject({
      kind: 'user',
      issuer: 'https://as.example',
      subject: 'alice',
      clientId: 'app',
      scopes: ['read'],
      audience: ['urn:api'],
      expiresAt: NOW + 60,
      issuedAt: NOW - 60,
    });
  });

  test.each([{ sub: 'app' }, { sub: undefined }])('is the client when the token has %j (RFC 9068 2.2)', (claims) => {
    expect(principalInit({ ...GOOD, ...claims })).toMatchObject({ kind: 'client', subject: 'app', clientId: 'app' });
  });
});
