import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Verdict } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import fc from 'fast-check';
import { Possession } from '../../packages/handlers/src/confirmation/possession.js';
import { type AnswerRules, verdictOf } from '../../packages/handlers/src/introspection/introspection-verdict.js';
import { cases } from '../support/random-cases.js';
import { AUDIENCE, ISSUER, jwtWith, NOON, outcomeOf, trusted } from './jwt/jwt-fixture.js';
import { tokenOf } from './jwt/signing.js';

// Claims and introspection answers as servers may write them, and as nobody may. Together with the fuzz of key sets and
// metadata these are 20,000 cases by day.

type Members = Readonly<Record<string, unknown>>;

const ANYTHING = fc.jsonValue({ maxDepth: 2 });
const LAST_DATE = 253_402_300_799;
const TOLERANCE_SECONDS = 5;

/** What may stand for an optional member; null and "" mean that it is absent (DESIGN rule 16). */
const maybe = (...values: readonly unknown[]) => fc.constantFrom<unknown>(null, '', ...values);

/** Members that mean nothing; some have names that objects have by themselves. */
const UNKNOWN_MEMBERS = fc.dictionary(
  fc.oneof(fc.stringMatching(/^x-[a-z]{1,5}$/), fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty')),
  ANYTHING,
  { maxKeys: 3 },
);

/** These members among unknown ones, in any order. */
function amongOthers(own: fc.Arbitrary<Members>): fc.Arbitrary<Members> {
  return fc.tuple(own, UNKNOWN_MEMBERS).chain(([members, others]) => {
    const all = Object.entries({ ...others, ...members });
    return fc.shuffledSubarray(all, { minLength: all.length }).map((entries) => Object.fromEntries(entries));
  });
}

const SPACE = fc.constantFrom<number | string>(0, 2, '\t');

const AUDIENCES = fc.constantFrom<unknown>(AUDIENCE, [AUDIENCE], ['x', AUDIENCE], [AUDIENCE, '', 'x']);
const SCOPES = maybe('read write', ' read  write ', ['read', 'write'], ['read', 7, '', null, 'write']);
const scopesOf = ({ scope }: Members) => (scope ? ['read', 'write'] : []);

const PAST = [-1, 0, 1.5, NOON - 600, NOON - TOLERANCE_SECONDS] as const;
const LATER = [NOON - TOLERANCE_SECONDS + 0.001, NOON, NOON + 0.5, NOON + 600, LAST_DATE] as const;

const SHARED = {
  aud: AUDIENCES,
  client_id: fc.constantFrom<unknown>('web-shop', 42),
  scope: SCOPES,
  nbf: maybe(-1, 0, NOON, NOON + TOLERANCE_SECONDS),
  acr: ANYTHING,
  amr: ANYTHING,
  roles: ANYTHING,
  cnf: maybe(),
};

/** What makes any token bad: the reason, and the claims that say it. */
type Fault = readonly [reason: string, claims: Members];

const FAULTS: readonly Fault[] = [
  ...[NOON - TOLERANCE_SECONDS, NOON - 600, 0.5, 0, -1].map((exp): Fault => ['token_expired', { exp }]),
  ...[NOON + TOLERANCE_SECONDS + 0.001, LAST_DATE].map((nbf): Fault => ['token_not_yet_valid', { nbf }]),
  ...[NOON + TOLERANCE_SECONDS + 0.001, LAST_DATE].map((iat): Fault => ['token_issued_in_future', { iat }]),
  ['token_lifetime_empty', { exp: NOON, iat: NOON }],
  ...['x', `${AUDIENCE}/`, AUDIENCE.toUpperCase(), ` ${AUDIENCE}`, [], ['x', `${AUDIENCE}/`], [`${AUDIENCE},x`]].map(
    (aud): Fault => ['audience_mismatch', { aud }],
  ),
  ...[null, '', undefined].map((aud): Fault => ['audience_mismatch', { aud }]),
  ...[{ jkt: 'A'.repeat(43) }, { 'x5t#S256': 'A'.repeat(43) }, { 'x5t#S256': 'A'.repeat(43), jkt: 'A'.repeat(43) }].map(
    (cnf): Fault => ['confirmation_unproved', { cnf }],
  ),
  ...[{ jwk: {} }, { jkt: 'A'.repeat(43), x: 1 }].map((cnf): Fault => ['confirmation_method_unknown', { cnf }]),
  ...[{ jkt: 'AAAA' }, {}, { jkt: null }, [], 'x', 0, false].map((cnf): Fault => ['confirmation_malformed', { cnf }]),
];

/** One member that says anything else than it should, or nothing. It never cures what other members say. */
const BENT = fc.record({
  name: fc.constantFrom(
    ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'azp', 'username', 'scope', 'roles', 'active'],
    ...['token_type', 'token_use', 'cnf', 'auth_time', 'acr', 'amr'],
  ),
  value: fc.oneof(ANYTHING, fc.constantFrom(undefined, true, 0, AUDIENCE, ISSUER, NOON, LAST_DATE, 2 ** 63, 'bearer')),
});

type Bend = { readonly name: string; readonly value: unknown };

function bad(good: Members, [, fault]: Fault, bent: Bend | null): Members {
  return bent === null ? { ...good, ...fault } : { ...good, [bent.name]: bent.value, ...fault };
}

describe('claims of a token', () => {
  const secret = createSecretKey(Buffer.alloc(32, 7));
  const under = () => jwtWith(trusted({ secret }, { algorithms: 'HS256', clients: ['web-shop', '42'] }));
  const signed = (payload: string) => tokenOf('{"alg":"HS256","typ":"at+jwt"}', payload, 'HS256', secret);

  const LIFETIME = fc.oneof(
    fc.record({ iat: fc.constantFrom(...PAST), exp: fc.constantFrom(...LATER) }),
    fc.record({ iat: fc.constant(NOON + TOLERANCE_SECONDS), exp: fc.constantFrom(NOON + 5.001, LAST_DATE) }),
  );
  const OWN = fc.record(
    {
      ...SHARED,
      iss: fc.constant(ISSUER),
      sub: fc.constant('alice'),
      jti: fc.constantFrom<unknown>('token-1', 7),
      azp: maybe('web-shop', '42'),
      auth_time: maybe(-1, 0, NOON, NOON + 0.5, LAST_DATE),
      username: ANYTHING,
      active: ANYTHING,
      token_type: ANYTHING,
    },
    { requiredKeys: ['iss', 'sub', 'aud', 'jti', 'client_id'] },
  );
  const GOOD = amongOthers(fc.tuple(OWN, LIFETIME).map((parts) => Object.assign({}, ...parts)));

  const OF_TOKENS: readonly Fault[] = [
    ...FAULTS,
    ...['x', `${ISSUER}/`, ISSUER.toUpperCase(), null, '', 7, undefined].map(
      (iss): Fault => ['credentials_unrecognised', { iss }],
    ),
    ...[
      { exp: null },
      { exp: '' },
      { exp: undefined },
      { iat: null },
      { jti: '' },
      { client_id: null },
      { sub: '' },
    ].map((claims): Fault => ['claim_missing', claims]),
    ...[{ exp: LAST_DATE + 1 }, { exp: 2 ** 63 }].map((claims): Fault => ['claim_exp_beyond_year_9999', claims]),
    ...[{ client_id: 'x' }, { azp: 'x' }, { azp: 42 }, { azp: ['web-shop'] }].map(
      (claims): Fault => ['client_mismatch', claims],
    ),
    ['claim_exp_mistyped', { exp: String(NOON + 600) }],
    ['claim_nbf_mistyped', { nbf: [0] }],
  ];

  test('may be written in any legal way, and the token is good (RFC 7519 4)', async () => {
    const { chain } = under();
    await fc.assert(
      fc.asyncProperty(GOOD, SPACE, async (claims, space) => {
        const bearer = signed(JSON.stringify(claims, null, space));
        expect(await chain.decide(buildRequest('GET /', { bearer }))).toMatchObject({
          kind: 'granted',
          principal: { subject: 'alice', scopes: scopesOf(claims) },
        });
      }),
      cases(1_750),
    );
  });

  test('never make a bad token good, however the rest is written or bent (RFC 7519 4, 7.2)', async () => {
    const handler = under();
    await fc.assert(
      fc.asyncProperty(GOOD, fc.constantFrom(...OF_TOKENS), fc.option(BENT), async (good, fault, bent) => {
        const outcome = await handler.outcome(signed(JSON.stringify(bad(good, fault, bent))));
        expect(outcome).toMatch(bent === null ? `401 ${fault[0]}` : /^401 /);
      }),
      cases(1_250),
    );
  });

  test('may be any JSON at all: nothing breaks, and nothing is good', async () => {
    const { chain } = under();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(ANYTHING, UNKNOWN_MEMBERS, fc.record({ iss: fc.constant(ISSUER), exp: ANYTHING })),
        async (payload) => {
          const bearer = signed(JSON.stringify(payload));
          expect(outcomeOf(await chain.decide(buildRequest('GET /', { bearer })))).toMatch(/^401 /);
        },
      ),
      cases(500),
    );
  });
});

describe('introspection answers', () => {
  const RULES: AnswerRules = {
    issuer: ISSUER,
    audience: [AUDIENCE],
    clockToleranceSeconds: TOLERANCE_SECONDS,
    requireIssuer: false,
    audienceOptional: false,
    scopeClaims: ['scope'],
    rolesClaims: ['roles'],
    via: { bearer: [], dpop: [] },
    mapPrincipal: undefined,
    mapPrincipalTimeoutMs: 1,
    clock: new ManualClock(),
  };
  const REQUEST = buildRequest('GET /');
  const POSSESSION = new Possession({ required: false });
  const CALLER = { waiters: new AbortController(), credentials: [], onFailure: () => {} };

  const judged = async (text: string): Promise<Verdict | undefined> => {
    const answer = parseStrictJson(Buffer.from(text));
    const verdict = answer && (await verdictOf(answer, RULES, NOON, CALLER));
    return verdict?.kind === 'authenticated' ? POSSESSION.proved(verdict, text, REQUEST) : verdict;
  };
  const reasonOf = (verdict: Verdict | undefined) => (verdict && 'reason' in verdict ? verdict.reason : verdict?.kind);

  const ENDS = [...LATER, LAST_DATE + 1, 2 ** 63, 1e300];
  const LIFETIME = fc.oneof(
    fc.record({ iat: maybe(...PAST), exp: maybe(...ENDS) }, { requiredKeys: [] }),
    fc.record({ iat: fc.constant(NOON + TOLERANCE_SECONDS), exp: maybe(NOON + 5.001, ...ENDS.slice(-3)) }),
  );
  const OWN = fc.record(
    {
      ...SHARED,
      active: fc.constant(true),
      iss: maybe(ISSUER),
      sub: maybe('alice'),
      username: maybe('bob'),
      jti: maybe('token-1', 7),
      token_type: maybe('Bearer', 'access_token', 'JWT', 'at+jwt', 'urn:ietf:params:oauth:token-type:access_token'),
      token_use: maybe('access', 'access_token'),
      auth_time: ANYTHING,
    },
    { requiredKeys: ['active', 'aud', 'client_id'] },
  );
  const GOOD = amongOthers(fc.tuple(OWN, LIFETIME).map((parts) => Object.assign({}, ...parts)));

  const OF_ANSWERS: readonly Fault[] = [
    ...FAULTS,
    ['token_inactive', { active: false }],
    ...['true', 1, null, '', [true], undefined].map((active): Fault => ['introspection_answer_unusable', { active }]),
    ...['x', `${ISSUER}/`, ISSUER.toUpperCase()].map((iss): Fault => ['issuer_mismatch', { iss }]),
    ...['refresh_token', 'Refresh', 'offline', 'id_token', 'DPoP', 'N_A', 'urn:ietf:params:oauth:token-type:saml2'].map(
      (type): Fault => ['token_type_refused', { token_type: type }],
    ),
    ['token_type_refused', { token_use: 'id' }],
    ...[{ exp: String(NOON + 600) }, { nbf: [0] }, { aud: 7 }, { iss: {} }, { token_type: ['Bearer'] }].map(
      (members): Fault => ['introspection_answer_unusable', members],
    ),
  ];

  test('may be written in any legal way, and the token is good (RFC 7662 2.2)', async () => {
    await fc.assert(
      fc.asyncProperty(GOOD, SPACE, async (answer, space) => {
        const subject = answer['sub'] || answer['username'] || String(answer['client_id']);
        expect(await judged(JSON.stringify(answer, null, space))).toMatchObject({
          kind: 'authenticated',
          principal: { issuer: ISSUER, subject, scopes: scopesOf(answer) },
        });
      }),
      cases(1_750),
    );
  });

  test('never make a bad token good, however the rest is written or bent (RFC 7662 2.2, 4)', async () => {
    await fc.assert(
      fc.asyncProperty(GOOD, fc.constantFrom(...OF_ANSWERS), fc.option(BENT), async (good, fault, bent) => {
        const verdict = await judged(JSON.stringify(bad(good, fault, bent)));
        expect(['denied', 'unavailable']).toContain(verdict?.kind);
        if (bent === null) expect(reasonOf(verdict)).toBe(fault[0]);
      }),
      cases(1_250),
    );
  });

  test('may be any JSON at all: nothing breaks, and nothing is good', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(ANYTHING, UNKNOWN_MEMBERS, fc.record({ active: ANYTHING, aud: ANYTHING })),
        async (json) => {
          expect((await judged(JSON.stringify(json)))?.kind).not.toBe('authenticated');
        },
      ),
      cases(500),
    );
  });
});
