import { describe, expect, test } from '@jest/globals';
import {
  authenticated,
  challenged,
  createPrincipal,
  every,
  type Guard,
  type GuardFunction,
  type GuardLike,
  guard,
  malformed,
  requireAudience,
  requireRoles,
  SecurityChain,
  some,
} from '@sallyport/core';
import { ask, buildRequest } from '@sallyport/core/testing';
import { alice, bearer } from '../chain/scripted-handlers.js';
import { thenable } from '../handler/misbehaviours.js';

const TOKEN = { bearer: 'token' };

function chainOf(...guards: readonly GuardLike[]): SecurityChain {
  return new SecurityChain({ requirement: bearer(), guards });
}

describe('names that cannot be meant are refused when the guard is made', () => {
  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['no role', () => requireRoles([])],
    ['an empty role', () => requireRoles('')],
    ['an unknown match', () => requireRoles('a', JSON.parse('{"match":"some"}'))],
    ['no audience', () => requireAudience([])],
    ['an empty audience', () => requireAudience(['a', ''])],
    ['every of nothing', () => every()],
    ['some of nothing', () => some()],
    ['a guard without check', () => every(JSON.parse('{"name":"a"}'))],
    ['a guard without a name', () => some(JSON.parse('{}'))],
    ['null for a guard', () => every(JSON.parse('null'))],
    ['guards that are no list', () => new SecurityChain({ requirement: bearer(), guards: JSON.parse('"abc"') })],
  ];

  test.each(wrong)('%s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
  });
});

describe('plain functions', () => {
  test('exactly true permits and exactly false forbids', async () => {
    expect(
      (
        await ask(
          chainOf(() => true),
          '/',
          TOKEN,
        )
      ).status,
    ).toBe(200);
    expect(
      await ask(
        chainOf(() => false),
        '/',
        TOKEN,
      ),
    ).toMatchObject({ status: 403, reason: 'policy_refused' });
  });

  test('may answer later, with any kind of promise', async () => {
    expect(
      (
        await ask(
          chainOf(async () => true),
          '/',
          TOKEN,
        )
      ).status,
    ).toBe(200);
    expect(
      (
        await ask(
          chainOf(async () => false),
          '/',
          TOKEN,
        )
      ).status,
    ).toBe(403);
    const foreign = (answer: boolean) => (() => thenable((resolve) => resolve(answer))) as unknown as GuardFunction;
    expect((await ask(chainOf(foreign(true)), '/', TOKEN)).status).toBe(200);
    expect(
      (
        await ask(
          chainOf(foreign(false), () => true),
          '/',
          TOKEN,
        )
      ).status,
    ).toBe(403);
  });

  test('see the principal and the request', async () => {
    const requirement = bearer(alice({ claims: { tenant: 'acme' } }));
    const guards = [guard('tenant', ({ claims }, { path }) => path === `/${String(claims['tenant'])}/orders`)];
    const chain = new SecurityChain({ requirement, guards });
    expect((await ask(chain, '/acme/orders', TOKEN)).status).toBe(200);
    expect((await ask(chain, '/other/orders', TOKEN)).status).toBe(403);
  });

  test('decide in the same tick when they answer in it', () => {
    expect(
      chainOf(
        () => true,
        () => true,
      ).decide(buildRequest('/', TOKEN)),
    ).toMatchObject({ kind: 'granted' });
  });

  test('run on every request, also for one and the same principal', async () => {
    let asked = 0;
    const chain = chainOf(() => {
      asked += 1;
      return asked === 1;
    });
    expect((await ask(chain, '/', TOKEN)).status).toBe(200);
    expect((await ask(chain, '/', TOKEN)).status).toBe(403);
  });
});

describe('a guard with a bug is refused with 500 and named', () => {
  const bugs: readonly (readonly [string, () => unknown])[] = [
    ['throws', () => JSON.parse('{')],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    ['returns nothing', () => undefined],
    ['returns a truthy text', () => 'true'],
    ['returns 1', () => 1],
    ['resolves with a look-alike', async () => ({ kind: 'permitted' })],
    ['returns a grant', () => authenticated(createPrincipal({ subject: 'mallory' }))],
    ['returns a syntax error', () => malformed('odd')],
    ['returns a thenable that throws', () => thenable(() => JSON.parse('{'))],
  ];

  test.each([undefined, null, 0, '', 'no', 1, {}])(
    'a plain function that returns %p is neither true nor false',
    async (answer) => {
      const vague = (() => answer) as unknown as GuardFunction;
      expect(await ask(chainOf(vague), '/', TOKEN)).toMatchObject({ status: 500, reason: 'guard_threw' });
    },
  );

  test.each(bugs)('%s', async (_what, check) => {
    const broken: Guard = { name: 'broken', check: check as Guard['check'] };
    const places: readonly GuardLike[][] = [[broken], [() => true, broken], [some(broken, () => true)]];
    for (const guards of places) {
      const { status, reason, event } = await ask(chainOf(...guards), '/', TOKEN);
      expect({ status, reason, culprit: event.fault?.culprit }).toEqual({
        status: 500,
        reason: 'guard_threw',
        culprit: 'broken',
      });
      expect(await chainOf(...guards).decide(buildRequest('/', TOKEN))).toMatchObject({ kind: 'denied', status: 500 });
    }
  });
});

describe('a guard that a route adds to a decision', () => {
  test('is asked without authenticating again, and refuses like any other', async () => {
    const handler = bearer();
    const chain = new SecurityChain({ requirement: handler });
    const sent = buildRequest('/', TOKEN);
    const granted = await chain.decide(sent);
    if (granted.kind !== 'granted') throw new Error('not granted');
    expect(await chain.authorize(granted, requireRoles('admin'), sent)).toMatchObject({ status: 403 });
    expect(
      await chain.authorize(
        granted,
        every(() => true),
        sent,
      ),
    ).toBe(granted);
    expect(handler.asked).toBe(1);
  });

  test('challenges even for a proof that this chain does not know [RFC 9110 15.5.2]', async () => {
    const sent = buildRequest('/', TOKEN);
    const granted = await new SecurityChain({ requirement: bearer(alice(), 'elsewhere') }).decide(sent);
    if (granted.kind !== 'granted') throw new Error('not granted');
    const stepUp = guard('step-up', () => challenged({ error: 'use_mfa' }));
    expect(await chainOf(() => true).authorize(granted, stepUp, sent)).toMatchObject({
      status: 401,
      headers: expect.arrayContaining([['WWW-Authenticate', 'Bearer realm="api", error="use_mfa"']]),
    });
  });
});
