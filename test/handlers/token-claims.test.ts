import { describe, expect, test } from '@jest/globals';
import { wordsOf } from '../../packages/handlers/src/token/claim-words.js';
import { type ClaimNames, principalInit, subjectProblem } from '../../packages/handlers/src/token/claimed-principal.js';
import {
  type ClaimExpectations,
  farDate,
  mistypedClaim,
  type RegisteredClaim,
  readClaims,
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
const reasonOf = (claims: object) => unmetExpectation(readClaims({ ...GOOD, ...claims }), EXPECTED)?.reason;

const NAMES: ClaimNames = { subject: ['sub', 'username', 'client_id'], scopes: ['scope'], roles: ['roles'] };

describe('types of registered claims (RFC 7519 4.1)', () => {
  test.each([
    ...['iss', 'client_id', 'jti'].flatMap((name) =>
      [
        true,
        [],
        ['a'],
        {},
        1.5,
        2 ** 53,
        'a\u0000',
        'a\nb',
        'a\u0085',
        'a\u007f',
        'a'.repeat(2_049),
        'ä'.repeat(1_025),
      ].map((value) => ({ name, value })),
    ),
    ...['exp', 'nbf', 'iat', 'auth_time'].flatMap((name) =>
      ['1700000000', true, [], {}, Number.POSITIVE_INFINITY, Number.NaN].map((value) => ({ name, value })),
    ),
    ...[1, true, {}, [1], ['a', null], [['a']]].map((value) => ({ name: 'aud', value })),
    { name: 'iss', value: 7 },
  ])('$name must not be $value', ({ name, value }) => {
    expect(mistypedClaim(readClaims({ ...GOOD, [name]: value }))).toEqual({
      kind: 'mistyped',
      reason: `claim_${name}_mistyped`,
      detail: expect.stringMatching(`^${name} is (?:a|an|true) [a-z ]+, expected a `),
    });
  });

  test.each([
    { jti: 'a'.repeat(2_048) },
    { iss: 'Ünïcode 💡' },
    { aud: ['a', 'b'] },
    { aud: [] },
    { exp: 2 ** 63 },
    { exp: NOW + 0.5 },
    { nbf: 0 },
    { iat: -1 },
    { whatever: { is: ['private'] } },
  ])('%j is of the right type', (claims) => {
    expect(mistypedClaim(readClaims({ ...GOOD, ...claims }))).toBeUndefined();
  });

  test.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'cnf', 'scope', 'token_type'])(
    '%s is absent if it is null or empty',
    (name) => {
      for (const value of [null, ''])
        expect(readClaims({ ...GOOD, [name]: value })[name as RegisteredClaim]).toBeUndefined();
    },
  );

  test('a name that means nothing here may be anything', () => {
    expect(mistypedClaim(readClaims({ ...GOOD, auth_time: 'noon', client_id: {} }), ['auth_time', 'client_id'])).toBe(
      undefined,
    );
  });

  test('a number that identifies stands for its digits, unless some were lost (RFC 8259 6)', () => {
    expect(readClaims({ client_id: 7, jti: 9 })).toMatchObject({ client_id: '7', jti: '9' });
    expect(mistypedClaim(readClaims({ jti: 2 ** 53 }))?.reason).toBe('claim_jti_mistyped');
  });

  test.each([
    [253_402_300_799, undefined],
    [253_402_300_800, 'claim_exp_beyond_year_9999'],
    [1_700_000_000_000, 'claim_exp_beyond_year_9999'],
  ])('the date %d is told as %s', (exp, reason) => {
    expect(farDate(readClaims({ exp }), ['nbf', 'exp'])?.reason).toBe(reason);
    expect(farDate(readClaims({ exp }), ['nbf'])).toBeUndefined();
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

  test('iat may be ahead by a tolerance of its own, and nothing else may', () => {
    const patient = { ...EXPECTED, issuedAheadToleranceSeconds: 60 };
    const told = (claims: object) =>
      unmetExpectation(readClaims({ ...GOOD, exp: NOW + 600, ...claims }), patient)?.reason;
    expect(told({ iat: NOW + 60 })).toBeUndefined();
    expect(told({ iat: NOW + 60.001 })).toBe('token_issued_in_future');
    expect(told({ nbf: NOW + 6 })).toBe('token_not_yet_valid');
    expect(told({ exp: NOW - 5 })).toBe('token_expired');
  });

  test('without an expected audience, aud is not looked at', () => {
    expect(unmetExpectation(readClaims({ ...GOOD, aud: 'x' }), { ...EXPECTED, audience: undefined })).toBeUndefined();
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
    [
      ['a', 'b c', '', 7],
      ['a', 'b c'],
    ],
    [{ a: true }, []],
    [1, []],
  ])('scope %j means %j (RFC 6749 3.3)', (scope, scopes) => {
    expect(wordsOf({ scope }, ['scope'])).toEqual(scopes);
  });

  test.each([
    ['realm_access.roles', ['admin']],
    ['resource_access.my.api.roles', ['editor']],
    ['https://example.com/roles', ['owner']],
    ['https://example.com/roles.admin', []],
    ['a.b', ['exact']],
    ['realm_access', []],
    ['realm_access.', []],
    ['.roles', []],
    ['realm_access.roles.0', []],
    ['realm_access.toString.name', []],
    ['text.length', []],
  ])('roles at %j are %j', (path, roles) => {
    const claims = {
      realm_access: { roles: ['admin'] },
      resource_access: { 'my.api': { roles: ['editor'] }, my: { api: { roles: 'hidden' } } },
      'https://example.com/roles': 'owner',
      'a.b': 'exact',
      a: { b: 'hidden' },
      text: 'abc',
    };
    expect(wordsOf(claims, [path])).toEqual(roles);
  });

  test('is a user with a subject of its own', () => {
    expect(principalInit({ ...GOOD, scope: 'read' }, NAMES)).toMatchObject({
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
    expect(principalInit({ ...GOOD, ...claims }, NAMES)).toMatchObject({
      kind: 'client',
      subject: 'app',
      clientId: 'app',
    });
  });

  test.each([
    [{ sub: 7 }, 'claim_sub_mistyped'],
    [{ sub: 'a\nb' }, 'claim_sub_mistyped'],
    [{ sub: null, username: ['a'] }, 'claim_username_mistyped'],
    [{ sub: '', client_id: {} }, 'claim_client_id_mistyped'],
    [{ sub: '', client_id: null }, undefined],
  ])('%j name nobody, and no other claim does in their place', (claims, reason) => {
    const sent = { ...GOOD, ...claims };
    expect(principalInit(sent, NAMES)).toMatchObject({ kind: 'user', subject: '' });
    expect(subjectProblem(sent, NAMES)?.reason).toBe(reason);
  });

  test.each([{ exp: 2 ** 63 }, { exp: 1e300 }])('never ends if %j', (claims) => {
    expect(principalInit({ ...GOOD, ...claims }, NAMES).expiresAt).toBeUndefined();
  });

  test('was authenticated at a date only', () => {
    const atOf = (value: unknown) => principalInit({ ...GOOD, auth_time: value }, NAMES).authenticatedAt;
    expect([0, -1, 1.7e12, 'noon', null].map(atOf)).toEqual([0, -1, undefined, undefined, undefined]);
  });
});
