import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  challenged,
  type Decision,
  denied,
  forbidden,
  limited,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { ask, buildRequest, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, dpop, plain, session } from '../chain/scripted-handlers.js';
import { compiled, definition, operation, type Security, secured } from './contract-fixture.js';

const TOKEN: RequestParts = { bearer: 'token' };
const KEY: RequestParts = { headers: { 'X-Key': 'k' } };
const DEVICE: RequestParts = { headers: { 'X-device': 'd' } };
const both = (...parts: readonly RequestParts[]): RequestParts => ({
  ...Object.assign({}, ...parts),
  headers: Object.assign({}, ...parts.map(({ headers }) => headers)),
});

function device(says: Verdict = alice()): SecurityHandler<unknown> {
  return { ...plain('device'), verify: () => says };
}

/** `GET /a` with this security, in a definition that declares the schemes that are given. */
async function chainOf(security: Security, schemes: Readonly<Record<string, Requirement>>): Promise<SecurityChain> {
  const declared = Object.keys(schemes).map((name) => [name, { type: 'http', scheme: 'bearer' }] as const);
  const document = definition(
    { '/a': { get: operation({ security }) } },
    { components: { securitySchemes: Object.fromEntries(declared) } },
  );
  return new SecurityChain({ operations: await compiled(document, { schemes }) });
}

function challengesOf(decision: Decision): readonly string[] {
  const lines = decision.kind === 'denied' ? decision.headers : [];
  return lines.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value);
}

describe('contract: a scheme is proved when all of its proof is there', () => {
  const jwt = bearer(alice({ scopes: ['read'] }), 'jwt');
  const key = apiKey();
  type Row = readonly [string, Requirement, RequestParts, number];
  const rows: readonly Row[] = [
    ['allOf: half of it', allOf(jwt, device()), TOKEN, 403],
    ['allOf: the other half', allOf(jwt, device()), DEVICE, 401],
    ['allOf: all of it', allOf(jwt, device()), both(TOKEN, DEVICE), 200],
    ['allOf, one half refused', allOf(jwt, device(denied('device_unknown'))), both(TOKEN, DEVICE), 401],
    ['allOf in allOf: two of three', allOf(allOf(jwt, device()), key), both(TOKEN, DEVICE), 403],
    ['anyOf: one of them', anyOf(jwt, device()), DEVICE, 200],
    ['anyOf over allOf: half of one', anyOf(allOf(jwt, device()), key), TOKEN, 403],
    ['anyOf over allOf: the other one', anyOf(allOf(jwt, device()), key), KEY, 200],
    ['allOf with an optional half: without it', allOf(jwt, optional(device())), TOKEN, 200],
    ['allOf with an attempted half: refused', allOf(jwt, attempt(device(denied('no')))), both(TOKEN, DEVICE), 200],
    ['allOf with an open half', allOf(jwt, anonymous()), TOKEN, 200],
  ];

  test.each(rows)('%s', async (_what, composite, sends, status) => {
    const alternatives: Security = [{ Composite: [] }, { Token: ['admin'] }];
    for (const security of [alternatives, alternatives.toReversed()]) {
      const chain = await chainOf(security, { Composite: composite, Token: jwt });
      expect((await ask(chain, 'GET /a', sends)).status).toBe(status);
    }
  });
});

describe('contract: scopes are asked of the proof of their own scheme [OpenAPI 3.0.4 4.8.30]', () => {
  const read = bearer(alice({ scopes: ['read'] }));
  const admin = apiKey(alice({ scopes: ['admin'] }));
  const BOTH = both(TOKEN, KEY);

  test('and not of what is proved beside it', async () => {
    const schemes = { Token: read, Key: admin };
    expect((await ask(await chainOf([{ Token: ['admin'], Key: [] }], schemes), 'GET /a', BOTH)).status).toBe(403);
    expect((await ask(await chainOf([{ Token: ['read'], Key: ['admin'] }], schemes), 'GET /a', BOTH)).status).toBe(200);
  });

  test('the application still sees all of them', async () => {
    const chain = await chainOf([{ Token: ['read'], Key: [] }], { Token: read, Key: admin });
    const decision = await chain.decide(buildRequest('GET /a', BOTH));
    expect(decision).toMatchObject({ kind: 'granted', principal: { scopes: ['admin', 'read'] } });
  });

  test('a scheme of several handlers has the scopes of all that proved it', async () => {
    const schemes = { Pair: allOf(read, admin) };
    expect((await ask(await chainOf([{ Pair: ['admin', 'read'] }], schemes), 'GET /a', BOTH)).status).toBe(200);
    expect((await ask(await chainOf([{ Pair: ['write'] }], schemes), 'GET /a', BOTH)).status).toBe(403);
  });

  test('of alternatives within a scheme, the one that was chosen answers', async () => {
    const chain = await chainOf([{ Either: ['admin'] }], { Either: anyOf(read, admin) });
    expect((await ask(chain, 'GET /a', TOKEN)).status).toBe(403);
    expect((await ask(chain, 'GET /a', KEY)).status).toBe(200);
  });

  test('one handler behind two schemes answers to the scopes of both', async () => {
    const chain = (scope: string) => chainOf([{ One: ['read'], Two: [scope] }], { One: read, Two: read });
    expect((await ask(await chain('read'), 'GET /a', TOKEN)).status).toBe(200);
    expect((await ask(await chain('write'), 'GET /a', TOKEN)).status).toBe(403);
  });
});

describe('contract: a missing scope does not end the search, and the answer is that of the gravest alternative', () => {
  const token = (scopes: readonly string[]) => bearer(alice({ scopes }));
  const outage = unavailable('upstream_timeout');
  const stepUp = challenged({ error: 'insufficient_user_authentication' });
  const BOTH = both(TOKEN, KEY);
  type Row = readonly [string, Security, Verdict, RequestParts, number, string | undefined];
  const rows: readonly Row[] = [
    ['another alternative grants', [{ Token: ['w'] }, { Key: [] }], alice(), BOTH, 200, undefined],
    ['with fewer scopes of the same scheme', [{ Token: ['w'] }, { Token: ['r'] }], alice(), TOKEN, 200, undefined],
    ['none grants', [{ Token: ['w'] }, { Key: ['w'] }], alice(), BOTH, 403, 'insufficient_scope'],
    ['one that might have granted is down', [{ Token: ['w'] }, { Key: [] }], outage, BOTH, 503, 'upstream_timeout'],
    ['in whatever order', [{ Key: [] }, { Token: ['w'] }], outage, BOTH, 503, 'upstream_timeout'],
    [
      'one that might grant asks for another round',
      [{ Token: ['w'] }, { Key: [] }],
      stepUp,
      BOTH,
      401,
      'insufficient_user_authentication',
    ],
    ['one is refused, which is final', [{ Token: ['w'] }, { Key: [] }], denied('bad_key'), BOTH, 401, 'bad_key'],
    [
      'one is limited, which is final',
      [{ Token: ['w'] }, { Key: [] }],
      limited({ retryAfterSeconds: 9 }),
      BOTH,
      429,
      'rate_limited',
    ],
    ['who is calling is settled first', [{ Token: ['w'], Key: [] }], denied('bad_key'), BOTH, 401, 'bad_key'],
    ['also where nobody knows', [{ Token: ['w'], Key: [] }], outage, BOTH, 503, 'upstream_timeout'],
  ];

  test.each(rows)('%s', async (_what, security, key, sends, status, reason) => {
    const chain = await chainOf(security, { Token: token(['r']), Key: apiKey(key) });
    expect(await ask(chain, 'GET /a', sends)).toMatchObject({ status, reason });
  });

  test('the 403 names the scopes, by the challenge of that scheme, of the first that lacks nothing else', async () => {
    const schemes = { Token: token(['r']), Session: session() };
    const security = [{ Session: ['s'] }, { Token: ['w'], Session: [] }, { Token: ['x'] }];
    const chain = await chainOf(security, schemes);
    const sends = { ...TOKEN, headers: { Cookie: 'session=1' } };
    const decision = await chain.decide(buildRequest('GET /a', sends));
    expect(decision).toMatchObject({ status: 403, reason: 'insufficient_scope' });
    expect(challengesOf(decision)).toEqual([expect.stringMatching(/^Bearer .*scope="w"$/)]);
    expect(JSON.parse((decision as { body: string }).body)).toMatchObject({ scopes: ['w'] });
  });

  test('of two token schemes in one alternative, the one that lacks scopes challenges', async () => {
    const second = { ...plain('proof'), challenges: dpop().challenges };
    const chain = await chainOf([{ A: [], B: ['w'] }], { A: token(['w']), B: second });
    const decision = await chain.decide(buildRequest('GET /a', { ...TOKEN, headers: { 'X-proof': 't' } }));
    expect(challengesOf(decision)).toEqual([expect.stringMatching(/^DPoP .*scope="w"$/)]);
  });

  test('a handler that forbids by itself ends the search', async () => {
    const schemes = { Token: bearer(forbidden('account_closed')), Key: apiKey() };
    const answer = await ask(await chainOf([{ Token: ['r'] }, { Key: [] }], schemes), 'GET /a', BOTH);
    expect(answer).toMatchObject({ status: 403, reason: 'account_closed' });
  });

  test('guards of the chain still run behind it', async () => {
    const operations = await compiled(secured([{ oauth: ['r'] }]), { schemes: { oauth: token(['r']) } });
    const chain = new SecurityChain({ operations, requirement: anonymous(), guards: [() => forbidden('closed')] });
    expect(await ask(chain, 'GET /a', TOKEN)).toMatchObject({ status: 403, reason: 'closed' });
  });
});

describe('contract: {} lets in who proves nothing, and forgives nothing else', () => {
  const rejected = bearer(denied('token_expired'));
  const lacking = bearer(alice({ scopes: ['r'] }));
  const sends = both(TOKEN, KEY);
  type Row = readonly [string, Requirement, Security, RequestParts, number];
  const rows: readonly Row[] = [
    ['nothing sent', optional(lacking), [{ Token: ['w'] }, {}], {}, 200],
    ['a good token without the scope', optional(lacking), [{ Token: ['w'] }, {}], TOKEN, 403],
    ['a bad token', optional(rejected), [{ Token: ['w'] }, {}], TOKEN, 401],
    ['a bad token that attempt lets go', attempt(rejected), [{ Token: ['w'] }, {}], TOKEN, 200],
    ['a good token, attempted, without the scope', attempt(lacking), [{ Token: ['w'] }, {}], TOKEN, 403],
    ['somebody beside nobody', optional(lacking), [{ Token: ['w'], Key: [] }, {}], KEY, 401],
    ['somebody beside a token let go', attempt(rejected), [{ Token: ['w'], Key: [] }, {}], sends, 401],
  ];

  test.each(rows)('%s', async (_what, scheme, security, request, status) => {
    const chain = await chainOf(security, { Token: scheme, Key: apiKey() });
    expect((await ask(chain, 'GET /a', request)).status).toBe(status);
  });

  test('the application reads what attempt let go', async () => {
    const chain = await chainOf([{ Token: ['w'] }, {}], { Token: attempt(rejected) });
    const decision = await chain.decide(buildRequest('GET /a', TOKEN));
    expect(decision).toMatchObject({ kind: 'granted', attempted: { reason: 'token_expired' } });
  });
});
