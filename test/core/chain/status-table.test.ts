import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  authenticated,
  challenged,
  createPrincipal,
  denied,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
  unavailable,
} from '@sallyport/core';
import { ABSTAINED, bearerChallenge } from '@sallyport/core/extend';
import { ask, type RequestParts } from '@sallyport/core/testing';
import { GUARD_ROWS } from './guard-rows.js';
import { RULE_ROWS } from './rule-rows.js';
import { alice, apiKey, basic, bearer, plain, ScriptedHandler, session } from './scripted-handlers.js';
import { TOKEN } from './status-row.js';
import { TABLE_ROWS } from './table-rows.js';

const DETAILS: Readonly<Record<string, string>> = {
  invalid_request: 'The request is malformed or carries its credentials in more than one way.',
  invalid_token: 'The access token is missing, expired, revoked or otherwise not valid.',
  insufficient_scope: 'The access token does not carry a scope that this operation needs.',
  unauthenticated: 'This resource needs credentials.',
  invalid_credentials: 'The credentials are not valid.',
  forbidden: 'The caller may not do this.',
  authentication_required: 'A further authentication step is needed.',
  insufficient_user_authentication: 'The user has to authenticate anew, as this operation needs it.',
  not_found: 'There is no such operation.',
  request_timeout: 'The body did not arrive in time.',
  content_too_large: 'The body is larger than this operation takes.',
  rate_limited: 'Too many attempts. Try again later.',
  temporarily_unavailable: 'The request could not be checked. Try again later.',
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** The middle of the jitter: 5 seconds become 6.25, and 20 become 25. */
const collaborators = { random: () => 0.5 };

describe('the status table', () => {
  test.each([...TABLE_ROWS, ...RULE_ROWS, ...GUARD_ROWS])('$rule', async (row) => {
    const answer = await ask(new SecurityChain(row.chain, collaborators), row.line, row.sends);
    const { status, reason, code, scopes } = row;
    const problem = { type: 'about:blank', title: TITLES[status], status, detail: DETAILS[code], code, scopes };
    expect({ status: answer.status, reason: answer.reason }).toEqual({ status, reason });
    expect(answer.headers).toEqual([
      ['Cache-Control', 'no-store'],
      ['Content-Type', 'application/problem+json'],
      ...row.challenges.map((line) => ['WWW-Authenticate', line]),
      ...(row.retryAfter === undefined ? [] : [['Retry-After', row.retryAfter]]),
    ]);
    expect(answer.body).toBe(JSON.stringify(problem));
  });

  test('every refusal is no-store [RFC 9111 5.2.2.5]', async () => {
    for (const { chain, line, sends } of [...TABLE_ROWS, ...RULE_ROWS, ...GUARD_ROWS]) {
      const { headers } = await ask(new SecurityChain(chain, collaborators), line, sends);
      expect(headers).toContainEqual(['Cache-Control', 'no-store']);
    }
  });

  test('all bad tokens get the same bytes, whatever is wrong with them (CWE-209)', async () => {
    const answers = ['token_expired', 'signature_invalid'].map(async (reason) => {
      const { status, headers, body } = await ask(
        new SecurityChain({ requirement: bearer(denied(reason)) }),
        'GET /',
        TOKEN,
      );
      return { status, headers, body };
    });
    const [first, second] = await Promise.all(answers);
    expect(first).toMatchObject({ status: 401 });
    expect(second).toEqual(first);
  });

  test('a bug: 500 with a correlation id, and nothing else', async () => {
    const lookAlike = { kind: 'authenticated', principal: createPrincipal({ subject: 'alice' }), headers: [] };
    const handler = { ...plain('odd'), verify: () => Object.assign(Object.create(null), lookAlike) };
    const answer = await ask(new SecurityChain({ requirement: handler }), 'GET /', { headers: { 'x-odd': 'it' } });
    expect(answer).toMatchObject({ status: 500, reason: 'handler_threw', challenges: [] });
    const { correlationId } = answer.event;
    expect(correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(answer.body)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'The request could not be processed.',
      code: 'internal_error',
      correlationId,
    });
  });

  test('all guards abstaining denies: 403 (rule 8)', async () => {
    const chain = new SecurityChain({ requirement: bearer(), guards: [() => ABSTAINED, () => ABSTAINED] });
    expect(await ask(chain, 'GET /', { bearer: 'token' })).toMatchObject({
      status: 403,
      reason: 'all_guards_abstained',
      challenges: [],
    });
  });

  test('an escaped realm stays one quoted string [RFC 9110 5.6.4]', async () => {
    const handler = new ScriptedHandler('odd', alice(), [bearerChallenge('a "b" \\c')], { at: 'header:x-odd' });
    const { challenges } = await ask(new SecurityChain({ requirement: handler }));
    expect(challenges).toEqual(['Bearer realm="a \\"b\\" \\\\c"']);
  });

  test('challenged: the header lines of the verdict come along, a fresh nonce say [RFC 9449 8.2]', async () => {
    const verdict = challenged({ error: 'use_dpop_nonce' }, { headers: [['DPoP-Nonce', 'n1']] });
    const { headers } = await ask(new SecurityChain({ requirement: bearer(verdict) }), 'GET /', { bearer: 'token' });
    expect(headers.at(-1)).toEqual(['DPoP-Nonce', 'n1']);
  });
});

describe('what is granted', () => {
  const granted: readonly (readonly [string, Requirement, RequestParts, string])[] = [
    ['rule 6: authenticated wins', anyOf(basic(), bearer()), { bearer: 'token' }, 'alice'],
    ['rule 6: after an outage the next candidate', anyOf(bearer(unavailable('down')), apiKey()), both(), 'alice'],
    ['rule 6: after another round, too', anyOf(bearer(challenged({ error: 'mfa' })), apiKey()), both(), 'alice'],
    ['rule 7: anonymous() where it is written', anonymous(), { bearer: 'token' }, ''],
    ['rule 7: optional without credentials', optional(bearer()), {}, ''],
    ['rule 7: attempt without credentials', attempt(bearer()), {}, ''],
    ['rule 7: attempt with a bad one', attempt(bearer(denied('expired'))), { bearer: 'token' }, ''],
    ['rule 7: attempt at the root with a scheme that nobody takes', attempt(basic()), { bearer: 'token' }, ''],
    ['rule 7: nothing explicit sent, the alternative of nothing', anyOf(bearer(), anonymous()), {}, ''],
    [
      'rule 6: an ambient credential before the alternative of nothing',
      anyOf(anonymous(), session()),
      cookie(),
      'alice',
    ],
  ];

  test.each(granted)('%s', async (_rule, requirement, sends, subject) => {
    const { status, principal, headers } = await ask(new SecurityChain({ requirement }), 'GET /', sends);
    expect({ status, subject: principal?.subject, headers }).toEqual({ status: 200, subject, headers: [] });
  });

  test('a verdict goes through the handler that is the fallback when no pickier one takes the token (rule 4)', async () => {
    const jwt = bearer(denied('never_asked'), 'jwt', { selective: true });
    const opaque: SecurityHandler = { ...plain('opaque', 'authorization:bearer'), source: FALLBACK };
    const chain = new SecurityChain({ requirement: anyOf(jwt, opaque) });
    expect(await ask(chain, 'GET /', { bearer: 'foreign' })).toMatchObject({ status: 200 });
    expect(jwt.asked).toBe(0);
  });

  test('header lines of a grant belong to one answer, though the principal comes from a cache [RFC 9449 8.2]', async () => {
    const principal = createPrincipal({ subject: 'alice' });
    const fresh = authenticated(principal, { headers: [['DPoP-Nonce', 'n1']] });
    const says = [fresh, authenticated(principal), fresh];
    const chain = new SecurityChain({
      requirement: { ...plain('nonces'), verify: () => says.shift() ?? denied('spent') },
    });
    const sends = { headers: { 'x-nonces': 'it' } };
    const lines = [];
    for (let index = 0; index < 3; index += 1) lines.push((await ask(chain, 'GET /', sends)).headers);
    expect(lines).toEqual([[['DPoP-Nonce', 'n1']], [], [['DPoP-Nonce', 'n1']]]);
  });

  test('header lines of all proofs of an allOf come along, in order [RFC 9449 8.2]', async () => {
    const saying = (line: string) =>
      authenticated(createPrincipal({ subject: 'alice' }), { headers: [['X-Said', line]] });
    const requirement = allOf(bearer(saying('first')), apiKey(saying('second')));
    const { headers } = await ask(new SecurityChain({ requirement }), '/', both());
    expect(headers).toEqual([
      ['X-Said', 'first'],
      ['X-Said', 'second'],
    ]);
  });

  test('a handler that picks its tokens looks before one that takes them all, wherever it stands (rule 4)', async () => {
    const picky = bearer(alice(), 'picky', { selective: true });
    const whole = bearer(denied('never_asked'), 'whole');
    const chain = new SecurityChain({ requirement: anyOf(whole, picky) });
    expect(await ask(chain, 'GET /', { bearer: 'token' })).toMatchObject({ status: 200 });
    expect(whole.asked).toBe(0);
  });

  test('every proof of an allOf is named, and its grants are joined (rule 5)', async () => {
    const soon = alice({ scopes: ['a'], roles: ['r'], expiresAt: 1_900_000_000, claims: { tier: 'gold' } });
    const late = alice({
      scopes: ['b', 'a'],
      audience: ['api'],
      expiresAt: 2_000_000_000,
      claims: { tier: 'tin', k: 1 },
    });
    const { principal } = await ask(new SecurityChain({ requirement: allOf(bearer(soon), apiKey(late)) }), '/', both());
    expect(principal).toMatchObject({
      subject: 'alice',
      scopes: ['a', 'b'],
      roles: ['r'],
      audience: ['api'],
      claims: { tier: 'gold', k: 1 },
      expiresAt: 1_900_000_000,
      via: [
        { handler: 'bearer', scheme: 'bearer' },
        { handler: 'key', scheme: 'apikey' },
      ],
    });
  });
});

const FALLBACK = { at: 'authorization:bearer', fallback: true };

function both(): RequestParts {
  return { bearer: 'token', headers: { 'X-Key': 'k' } };
}

function cookie(): RequestParts {
  return { cookies: { session: 's' } };
}
