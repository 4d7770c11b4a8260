import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { TrustedIssuer } from '@sallyport/handlers/jwt';
import { IntrospectionUnderTest } from './introspection/introspection-fixture.js';
import { IntrospectionServer } from './introspection/introspection-server.js';
import { AUDIENCE, ISSUER, jwtWith, NOON, tokenBy, trusted } from './jwt/jwt-fixture.js';
import { newKey } from './jwt/signing.js';

// Refused callers learn nothing of this. The operator reads what was expected, and what came (DESIGN section 9).

const EC = newKey('ES256', 'key-1');
const OTHER = newKey('ES256', 'key-2');
const keys = { jwks: { keys: [EC.jwk] } };

/** What the operator is told about a refused token: the reason, and what was expected and what came. */
async function told(entries: TrustedIssuer | readonly TrustedIssuer[], ...token: Parameters<typeof tokenBy>) {
  const bearer = tokenBy(...token);
  const { decision, event } = await jwtWith(entries).explain(bearer);
  expect(JSON.stringify(event)).not.toContain(bearer);
  const [step] = event.steps;
  expect(decision).toMatchObject({ kind: 'denied', status: 401 });
  expect(JSON.stringify(decision)).not.toContain(step?.detail ?? 'no detail');
  return `${step?.reason}: ${step?.detail}`;
}

describe('a refused JWT is told with what was expected and what came', () => {
  beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
  afterEach(() => void jest.restoreAllMocks());

  const rows: readonly (readonly [string, Partial<TrustedIssuer>, object, object, string])[] = [
    [
      'aud (RFC 7519 4.1.3)',
      { audience: ['urn:a', 'urn:b'] },
      { aud: ['x', 'y'] },
      {},
      'audience_mismatch: aud is ["x","y"], expected one of "urn:a", "urn:b"',
    ],
    ['no aud', {}, { aud: undefined }, {}, `audience_mismatch: aud is missing, expected "${AUDIENCE}"`],
    [
      'an aud with a slash more',
      {},
      { aud: `${AUDIENCE}/` },
      {},
      `audience_mismatch: aud is "${AUDIENCE}/", expected "${AUDIENCE}" (nearly "${AUDIENCE}": look at slashes, case and http)`,
    ],
    [
      'exp (RFC 7519 4.1.4)',
      {},
      { exp: NOON - 6 },
      {},
      `token_expired: exp is ${NOON - 6}, now is ${NOON}, tolerance 5 s`,
    ],
    ['nbf', {}, { nbf: NOON + 6 }, {}, `token_not_yet_valid: nbf is ${NOON + 6}, now is ${NOON}, tolerance 5 s`],
    ['iat', {}, { iat: NOON + 6 }, {}, `token_issued_in_future: iat is ${NOON + 6}, now is ${NOON}, tolerance 5 s`],
    ['exp before iat', {}, { exp: NOON, iat: NOON }, {}, `token_lifetime_empty: exp is ${NOON} and iat is ${NOON}`],
    [
      'exp in milliseconds',
      {},
      { exp: NOON * 1_000 },
      {},
      `claim_exp_beyond_year_9999: exp is ${NOON * 1_000}, beyond the year 9999: it may be in milliseconds`,
    ],
    ['missing claims (RFC 9068 2.2)', {}, { iat: null, jti: '' }, {}, 'claim_missing: missing: "iat", "jti"'],
    ['no sub', {}, { sub: undefined }, {}, 'claim_missing: missing: "sub"'],
    [
      'the type of a claim, and not its value',
      {},
      { jti: ['s3cret'] },
      {},
      'claim_jti_mistyped: jti is a list, expected a text of at most 2048 bytes without control characters',
    ],
    [
      'a sub that is no text',
      {},
      { sub: 7 },
      {},
      'claim_sub_mistyped: sub is a number, expected a text of at most 2048 bytes without control characters',
    ],
    [
      'client_id and azp',
      { clients: ['web-shop'] },
      { client_id: 'app', azp: 'app' },
      {},
      'client_mismatch: azp is "app"; client_id is "app", expected "web-shop"',
    ],
    [
      'the age',
      { maxTokenAgeSeconds: 60 },
      {},
      {},
      `token_too_old: iat is ${NOON - 600}, now is ${NOON}, at most 60 s are allowed`,
    ],
    [
      'cnf (RFC 7800 3.1)',
      {},
      { cnf: { mac: 's3cret' } },
      {},
      'confirmation_method_unknown: cnf asks for a proof by "mac", known are "x5t#S256", "jkt"',
    ],
    [
      'a claim with a rule',
      { claimRules: { tenant: 'acme' } },
      { tenant: 'umbrella' },
      {},
      'claim_rule_broken: tenant is "umbrella", expected "acme"',
    ],
    [
      'a rule that is a function, without the value that it judges',
      { claimRules: { pin: () => false } },
      { pin: 's3cret' },
      {},
      'claim_rule_broken: the rule of pin says no',
    ],
    ['typ (RFC 9068 2.1)', {}, {}, { typ: 'JWT' }, 'token_type_refused: typ is "JWT", expected "at+jwt"'],
    [
      'no typ',
      { acceptTyp: ['JWT'] },
      {},
      { typ: undefined },
      'token_type_refused: typ is missing, expected one of "at+jwt", "jwt"',
    ],
    [
      'what shows an access token',
      { acceptTyp: ['JWT'] },
      { client_id: undefined, scope: undefined },
      { typ: 'JWT' },
      'access_token_shape_missing: typ is not at+jwt, so one of "client_id", "scope" has to be there',
    ],
    ['alg (RFC 8725 3.1)', {}, {}, { alg: 'none' }, 'algorithm_not_allowed: alg is "none", expected "ES256"'],
    ['crit (RFC 7515 4.1.11)', {}, {}, { crit: ['x'] }, 'header_extension_unknown: crit is ["x"], b64 is missing'],
    ['kid (RFC 7515 4.1.4)', {}, {}, { kid: 'old' }, 'key_unknown: kid is "old", known are "key-1"'],
    [
      'x5t',
      { keys: { jwks: { keys: [{ ...EC.jwk, x5t: 'abcd' }] } } },
      {},
      { kid: undefined, x5t: 'efgh' },
      'key_unknown: x5t is "efgh", known are "key-1"',
    ],
  ];

  test.each(rows)('%s', async (_what, entry, claims, header, expected) => {
    expect(await told(trusted(keys, entry), EC, { ...claims }, { ...header })).toBe(expected);
  });

  test('a signature of another key', async () => {
    const forged = { ...OTHER, kid: 'key-1' };
    const expected = 'signature_invalid: kid is "key-1", ES256: it is not by the key of this issuer';
    expect(await told(trusted(keys), forged)).toBe(expected);
  });

  test('what comes from a token is escaped and cut to 120 characters, and forges no line of a log (CWE-117)', async () => {
    const aud = `\n2026 granted\u2028${'x'.repeat(500)}`;
    const detail = await told(trusted(keys), EC, { aud });
    expect(detail).toMatch(/^audience_mismatch: aud is "\\n2026 granted\?x{104}…, expected /);
    expect(detail).not.toMatch(/\p{Cc}/u);
  });

  test('a thousand audiences make no endless line', async () => {
    const detail = await told(
      trusted(keys, { audience: Array.from({ length: 1_000 }, (_, index) => `urn:${index}`) }),
      EC,
    );
    expect(detail.length).toBeLessThan(1_100);
    expect(detail).toContain('and 992 more');
  });

  test('of several entries, what each of them expected', async () => {
    const entries = [trusted(keys), trusted({ jwks: { keys: [OTHER.jwk] } }, { audience: 'urn:admin' })];
    expect(await told(entries, OTHER)).toBe(
      'audience_mismatch: of 2 entries: ' +
        `audience_mismatch (aud is "${AUDIENCE}", expected "urn:admin"); ` +
        'key_unknown (kid is "key-2", known are "key-1")',
    );
    const clients = [trusted(keys, { clients: ['app'] }), trusted(keys, { audience: 'urn:admin' })];
    expect(await told(clients, EC)).toBe(
      'client_mismatch: of 2 entries: ' +
        'client_mismatch (azp is missing; client_id is "web-shop", expected "app"); ' +
        `audience_mismatch (aud is "${AUDIENCE}", expected "urn:admin")`,
    );
  });
});

describe('a token that no handler takes is told with why, and the nearest known issuer', () => {
  const unclaimed = async (bearer: string, under = jwtWith(trusted(keys))) => {
    const { event } = await under.explain(bearer);
    expect(event).toMatchObject({ reason: 'credentials_unrecognised', steps: [] });
    return event.unclaimed;
  };

  test.each([
    [
      { iss: `${ISSUER}/` },
      `iss is "${ISSUER}/", expected "${ISSUER}" (nearly "${ISSUER}": look at slashes, case and http)`,
      'issuer_misspelt',
    ],
    [{ iss: 'https://evil.test' }, `iss is "https://evil.test", expected "${ISSUER}"`, 'issuer_unknown'],
    [{ iss: undefined }, `iss is missing, expected "${ISSUER}"`, 'issuer_unnamed'],
    [{ iss: 7 }, 'iss is no text, or the claims cannot be read', 'token_unreadable'],
  ])('%j', async (claims, detail, cause) => {
    expect(await unclaimed(tokenBy(EC, claims))).toEqual([{ handler: 'jwt', detail, cause }]);
  });

  test('no JWT, and an encrypted one', async () => {
    const opaque = { handler: 'jwt', detail: 'the token is no JWT', cause: 'token_opaque' };
    expect(await unclaimed('opaque')).toEqual([opaque]);
    const detail = 'the token is encrypted, and there are no decryptionKeys';
    expect(await unclaimed('a.b.c.d.e')).toEqual([{ handler: 'jwt', detail, cause: 'token_encrypted' }]);
  });

  test('an issuer that was looked up and does not exist', async () => {
    const issuerResolver = { trusts: () => true, resolve: async () => undefined };
    const { event } = await jwtWith([], { issuerResolver }).explain(tokenBy(EC));
    expect(event.steps[0]).toMatchObject({ reason: 'issuer_unknown', detail: `iss is "${ISSUER}", not trusted` });
  });
});

describe('a token that introspection refuses is told with what was expected and what came', () => {
  let server: IntrospectionServer;
  let subject: IntrospectionUnderTest;
  beforeEach(async () => {
    server = await IntrospectionServer.start();
  });
  afterEach(async () => {
    await subject.close();
    await server.close();
  });

  test.each([
    ['aud', { aud: 'x' }, 'audience_mismatch: aud is "x", expected "api"'],
    [
      'iss',
      { iss: 'https://as.test/' },
      'issuer_mismatch: iss is "https://as.test/", expected "https://as.test" (nearly "https://as.test": look at slashes, case and http)',
    ],
    ['no iss where one is required', { iss: undefined }, 'issuer_missing: iss is missing'],
    [
      'token_type',
      { token_type: 'refresh_token' },
      'token_type_refused: token_type is "refresh_token", token_use is missing',
    ],
    ['exp', { exp: 1 }, `token_expired: exp is 1, now is ${NOON}, tolerance 5 s`],
    [
      'cnf',
      { cnf: { mac: 's3cret' } },
      'confirmation_method_unknown: cnf asks for a proof by "mac", known are "x5t#S256", "jkt"',
    ],
  ])('%s (RFC 7662 2.2)', async (_what, members, expected) => {
    server.answers({ body: { active: true, sub: 'alice', iss: 'https://as.test', aud: 'api', ...members } });
    const { endpoint } = server;
    subject = new IntrospectionUnderTest({ endpoint, issuer: 'https://as.test', requireIssuer: true, audience: 'api' });
    const { event, body } = await subject.ask();
    const [step] = event.steps;
    expect(`${step?.reason}: ${step?.detail}`).toBe(expected);
    expect(body).not.toContain(step?.detail);
  });
});
