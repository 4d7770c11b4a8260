import { describe, expect, test } from '@jest/globals';
import {
  type AuthenticationOptions,
  allOf,
  anyOf,
  challenged,
  createPrincipal,
  every,
  forbidden,
  optional,
  type PrincipalInit,
  type Requirement,
  requireAuthentication,
  requireScopes,
  SecurityChain,
  type SecurityChainOptions,
  some,
  unavailable,
} from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';
import { ask, assertRules, guardRules, ManualClock } from '@sallyport/core/testing';
import { STEP_UP_VECTORS } from '../../support/step-up-vectors.js';
import { alice, apiKey, basic, bearer, dpop, ScriptedHandler } from '../chain/scripted-handlers.js';

const clock = new ManualClock();
const NOW = clock.now() / 1_000;
const DESCRIPTION = 'error_description="The user has to authenticate anew, as this operation needs it."';
const ERROR = `error="insufficient_user_authentication", ${DESCRIPTION}`;
const TOKEN = { bearer: 'token' };
const MFA = requireAuthentication({ acrValues: ['mfa'] });

function chainOf(requirement: Requirement, options: Partial<SecurityChainOptions> = {}): SecurityChain {
  return new SecurityChain({ requirement, guards: [MFA], ...options });
}

const user = (init: Partial<PrincipalInit>, handler = 'bearer', scheme = handler) =>
  alice({ ...init, via: [{ handler, scheme }] });

describe('requireAuthentication', () => {
  test.each(STEP_UP_VECTORS.map((vector) => [vector.why, vector] as const))('%s', async (_why, vector) => {
    const { demand, login, nowMs = 0, challenge: told } = vector;
    const at = new ManualClock(NOW * 1_000 + nowMs);
    const authenticatedAt = login.authTime ?? (login.ageSeconds === undefined ? undefined : NOW - login.ageSeconds);
    const acr = typeof login.acr === 'string' ? login.acr : undefined;
    const guards = [requireAuthentication(demand, { clock: at })];
    const { status, challenges } = await ask(chainOf(bearer(user({ acr, authenticatedAt })), { guards }), '/', TOKEN);
    expect([status, challenges]).toEqual(
      told === undefined ? [200, []] : [401, [`Bearer realm="api", ${ERROR}, ${told}`]],
    );
  });

  test('the body has the code of the error, and the line what came and what was expected', async () => {
    const { body, reason, event } = await ask(chainOf(bearer(user({ acr: 'pwd' }))), '/', TOKEN);
    expect(JSON.parse(body)).toMatchObject({ status: 401, code: 'insufficient_user_authentication' });
    expect(reason).toBe('insufficient_user_authentication');
    expect(event).toMatchObject({
      detail: 'acr is "pwd", expected one of ["mfa"]',
      refusedBy: 'requireAuthentication(mfa)',
    });
  });

  test('says how old a login is, what is missing and what is ahead', async () => {
    const guards = [requireAuthentication({ maxAgeSeconds: 60 }, { clock })];
    const detailOf = async (authenticatedAt: number | undefined) =>
      (await ask(chainOf(bearer(user({ authenticatedAt })), { guards }), '/', TOKEN)).event.detail;
    expect(await detailOf(NOW - 61)).toBe('auth_time is 61 s ago, expected at most 60 s');
    expect(await detailOf(undefined)).toBe('auth_time is missing, expected at most 60 s ago');
    expect(await detailOf(NOW + 100)).toBe('auth_time is 100 s ahead');
  });

  test('uses the clock of the system if none is given', async () => {
    const guards = [requireAuthentication({ maxAgeSeconds: 60 })];
    const statusAt = async (authenticatedAt: number) =>
      (await ask(chainOf(bearer(user({ authenticatedAt })), { guards }), '/', TOKEN)).status;
    expect(await statusAt(Date.now() / 1_000)).toBe(200);
    expect(await statusAt(Date.now() / 1_000 - 3_600)).toBe(401);
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['no class', { acrValues: [] }],
    ['a class with a space, which would be two [RFC 9470 3]', { acrValues: ['a b'] }],
    ['an empty class', { acrValues: [''] }],
    ['a class beyond ASCII', { acrValues: ['é'] }],
    ['one text for a list', { acrValues: 'mfa' }],
    ['no time at all: no token would ever do', { maxAgeSeconds: 0 }],
    ['a part of a second', { maxAgeSeconds: 1.5 }],
    ['a member that is none', { acrValues: ['mfa'], maxAge: 5 }],
  ])('refuses to be made of %s', (_what, options) => {
    expect(() => requireAuthentication(options as AuthenticationOptions)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_/) }),
    );
  });

  test('its name says what it requires', () => {
    expect(requireAuthentication({ acrValues: ['a', 'b'], maxAgeSeconds: 5 }).name).toBe(
      'requireAuthentication(a | b within 5 s)',
    );
    expect(requireAuthentication({ maxAgeSeconds: 5 }).name).toBe('requireAuthentication(within 5 s)');
  });

  test('keeps the rules of guards', async () => {
    const strong = createPrincipal({ subject: 'alice', acr: 'mfa' });
    const weak = createPrincipal({ subject: 'bob', acr: 'pwd' });
    await assertRules(
      guardRules(() => requireAuthentication({ acrValues: ['mfa'] }), {
        permitted: [{ principal: strong }],
        refused: [{ principal: weak }, {}],
      }),
    );
  });
});

describe('a step-up is asked for by the scheme that the caller used', () => {
  const both = (says: ReturnType<typeof alice>, at: string) =>
    new ScriptedHandler('tokens', says, [challenge('Bearer', { realm: 'api' }), challenge('DPoP', { algs: 'ES256' })], {
      at,
    });

  test.each<[string, Requirement, object, readonly string[]]>([
    [
      'Bearer where a handler takes both',
      both(user({}, 'tokens', 'bearer'), 'authorization:bearer'),
      TOKEN,
      [`Bearer realm="api", ${ERROR}, acr_values="mfa"`],
    ],
    [
      'DPoP where a handler takes both [RFC 9449 7.1]',
      both(user({}, 'tokens', 'dpop'), 'authorization:dpop'),
      { headers: { Authorization: 'DPoP token' } },
      [`DPoP algs="ES256", ${ERROR}, acr_values="mfa"`],
    ],
    [
      'DPoP where another handler takes Bearer',
      anyOf(bearer(), dpop(user({}, 'dpop'))),
      { headers: { Authorization: 'DPoP token' } },
      [`DPoP algs="ES256", ${ERROR}, acr_values="mfa"`],
    ],
    [
      'Bearer for a password, which has no class: another login with it would not help',
      anyOf(basic(user({}, 'basic')), bearer()),
      { basic: ['alice', 'secret'] },
      [`Bearer realm="api", ${ERROR}, acr_values="mfa"`],
    ],
  ])('%s', async (_what, requirement, parts, challenges) => {
    expect(await ask(chainOf(requirement), '/', parts)).toMatchObject({ status: 401, challenges });
  });

  test('403 where no scheme of the operation has such a parameter: a browser would ask for ever [RFC 7617 2]', async () => {
    const answer = await ask(chainOf(basic(user({}, 'basic'))), '/', { basic: ['alice', 'secret'] });
    expect(answer).toMatchObject({ status: 403, challenges: [], reason: 'insufficient_user_authentication' });
    expect(answer.event.detail).toBe('acr is missing, expected one of ["mfa"]');
  });

  test('with the scopes of the operation and the metadata of the resource [RFC 9728 5.1]', async () => {
    const { challenges } = await ask(
      chainOf(bearer(user({ scopes: ['pay'] })), {
        guards: [requireScopes('pay'), MFA],
        resource: { identifier: 'https://api.example/v1', authorizationServers: ['https://as.example'] },
      }),
      '/',
      TOKEN,
    );
    expect(challenges).toEqual([
      `Bearer realm="api", ${ERROR}, acr_values="mfa", scope="pay", ` +
        'resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1"',
    ]);
  });

  test('an anonymous caller is asked for credentials first', async () => {
    const { status, challenges } = await ask(chainOf(optional(bearer())), '/', {});
    expect([status, challenges]).toEqual([401, ['Bearer realm="api"']]);
  });
});

describe('of several proofs', () => {
  const key = () => apiKey(user({}, 'key'));
  const PARTS = { ...TOKEN, headers: { 'X-Key': 'k' } };
  const statusOf = async (requirement: Requirement, demand: AuthenticationOptions) =>
    (await ask(chainOf(requirement, { guards: [requireAuthentication(demand, { clock })] }), '/', PARTS)).status;

  test('one that says nothing of a login does not count', async () => {
    expect(await statusOf(allOf(key(), bearer(user({ acr: 'mfa' }))), { acrValues: ['mfa'] })).toBe(200);
    expect(await statusOf(allOf(key(), bearer(user({ acr: 'pwd' }))), { acrValues: ['mfa'] })).toBe(401);
    expect(await statusOf(allOf(key(), bearer(user({}))), { acrValues: ['mfa'] })).toBe(401);
  });

  test('each that says something must be enough, in either order', async () => {
    const [weak, strong] = [user({ acr: 'pwd' }, 'key'), user({ acr: 'mfa' })];
    expect(await statusOf(allOf(apiKey(weak), bearer(strong)), { acrValues: ['mfa'] })).toBe(401);
    expect(await statusOf(allOf(bearer(strong), apiKey(weak)), { acrValues: ['mfa'] })).toBe(401);
  });

  test('the class of one and the time of another prove nothing together', async () => {
    const demand = { acrValues: ['mfa'], maxAgeSeconds: 60 };
    const timed = apiKey(user({ authenticatedAt: NOW }, 'key'));
    expect(await statusOf(allOf(timed, bearer(user({ acr: 'mfa' }))), demand)).toBe(401);
    expect(await statusOf(allOf(timed, bearer(user({ acr: 'mfa', authenticatedAt: NOW - 600 }))), demand)).toBe(401);
    expect(await statusOf(allOf(timed, bearer(user({ acr: 'mfa', authenticatedAt: NOW }))), demand)).toBe(200);
    expect(await statusOf(allOf(timed, bearer(user({}))), { maxAgeSeconds: 60 })).toBe(200);
  });
});

describe('guards that challenge, among others', () => {
  const weak = bearer(user({ scopes: ['a'] }));
  const needsB = requireScopes('b');
  const asks = () => challenged({ error: 'use_mfa' });

  test.each<[string, SecurityChainOptions['guards'], string]>([
    ['every: the first refusal is the answer', [every(needsB, MFA)], 'insufficient_scope'],
    ['every: also where it is the challenge', [every(MFA, needsB)], 'insufficient_user_authentication'],
    [
      'some: a challenge outranks a refusal, for a login may be enough',
      [some(needsB, MFA)],
      'insufficient_user_authentication',
    ],
    ['some: the first of two challenges', [some(asks, MFA)], 'use_mfa'],
    ['some: an outage outranks a challenge', [some(MFA, () => unavailable('policy_down'))], 'policy_down'],
    ['some: and is not outranked by one', [some(() => unavailable('policy_down'), MFA)], 'policy_down'],
    ['some: the first of two refusals', [some(() => forbidden('closed'), needsB)], 'closed'],
  ])('%s', async (_rule, guards, reason) => {
    expect((await ask(chainOf(weak, { guards }), '/', TOKEN)).reason).toBe(reason);
  });

  test('some: one that permits is enough', async () => {
    expect((await ask(chainOf(weak, { guards: [some(MFA, requireScopes('a'))] }), '/', TOKEN)).status).toBe(200);
  });
});
