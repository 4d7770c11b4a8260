import { describe, expect, test } from '@jest/globals';
import { type Actor, allOf, createPrincipal, type PrincipalInit, requireActor, SecurityChain } from '@sallyport/core';
import { ask, assertRules, guardRules } from '@sallyport/core/testing';
import { decisionLine } from '../../../packages/core/src/events/decision-line.js';
import { alice, apiKey, bearer } from '../chain/scripted-handlers.js';

const TOKEN = { bearer: 'token' };
const user = (init: Partial<PrincipalInit>, handler = 'bearer') =>
  alice({ ...init, via: [{ handler, scheme: handler }] });

async function answerTo(init: Partial<PrincipalInit>, ...demand: Parameters<typeof requireActor>) {
  return ask(new SecurityChain({ requirement: bearer(user(init)), guards: [requireActor(...demand)] }), '/', TOKEN);
}

describe('requireActor', () => {
  const bob: Actor = { subject: 'bob', actor: { subject: 'carol' } };

  test.each<[string, Partial<PrincipalInit>, Parameters<typeof requireActor>, number]>([
    ['who is named', { actor: bob }, ['bob'], 200],
    ['one of several', { actor: bob }, [['dave', 'bob']], 200],
    ['who acted before', { actor: bob }, ['carol'], 403],
    ['somebody else', { actor: bob }, ['Bob'], 403],
    ['nobody', {}, ['bob'], 403],
    ['nobody, where that is allowed', {}, ['bob', { allowNone: true }], 200],
    ['somebody else, where nobody is allowed', { actor: bob }, ['carol', { allowNone: true }], 403],
    [
      'the issuer of the token is that of the actor',
      { issuer: 'https://a', actor: { ...bob, issuer: 'https://a' } },
      ['bob'],
      200,
    ],
    ['of another issuer [RFC 8693 4.1]', { issuer: 'https://a', actor: { ...bob, issuer: 'https://b' } }, ['bob'], 403],
    [
      'of the issuer that is required',
      { issuer: 'https://a', actor: { ...bob, issuer: 'https://b' } },
      ['bob', { issuer: 'https://b' }],
      200,
    ],
    [
      'of the token, where another issuer is required',
      { issuer: 'https://a', actor: bob },
      ['bob', { issuer: 'https://b' }],
      403,
    ],
  ])('%s', async (_who, init, demand, status) => {
    expect((await answerTo(init, ...demand)).status).toBe(status);
  });

  test('tells the operator who acts', async () => {
    expect(await answerTo({ actor: bob }, ['dave'])).toMatchObject({
      status: 403,
      reason: 'actor_refused',
      event: { detail: 'acts: "bob", expected "dave"', refusedBy: 'requireActor(dave)' },
    });
    const { event } = await answerTo({}, 'dave', { issuer: 'https://b' });
    expect(event.detail).toBe('nobody acts, expected "dave" of "https://b"');
  });

  test('of several proofs, the actor of each that has one must be among them', async () => {
    const statusOf = async (first: Partial<PrincipalInit>, second: Partial<PrincipalInit>) => {
      const requirement = allOf(apiKey(user(first, 'key')), bearer(user(second)));
      const chain = new SecurityChain({ requirement, guards: [requireActor('bob')] });
      return (await ask(chain, '/', { ...TOKEN, headers: { 'X-Key': 'k' } })).status;
    };
    expect(await statusOf({}, { actor: bob })).toBe(200);
    expect(await statusOf({ actor: bob }, {})).toBe(200);
    expect(await statusOf({ actor: bob }, { actor: { subject: 'carol' } })).toBe(403);
    expect(await statusOf({ actor: { subject: 'carol' } }, { actor: bob })).toBe(403);
    expect(await statusOf({}, {})).toBe(403);
  });

  test.each<[string, unknown, object]>([
    ['nobody', [], {}],
    ['an empty name', '', {}],
    ['an unknown option', 'bob', { allowAll: true }],
    ['an issuer that is no text', 'bob', { issuer: 7 }],
  ])('refuses to be made of %s', (_what, subjects, options) => {
    expect(() => requireActor(subjects as string, options)).toThrow(/requireActor|ActorOptions/);
  });

  test('keeps the rules of guards', async () => {
    await assertRules(
      guardRules(() => requireActor('bob'), {
        permitted: [{ principal: createPrincipal({ subject: 'alice', actor: bob }) }],
        refused: [{ principal: createPrincipal({ subject: 'alice', actor: { subject: 'mallory' } }) }, {}],
      }),
    );
  });

  test('the line of a decision names who acts, and who acted before', async () => {
    const { event } = await answerTo({ actor: { ...bob, issuer: 'https://b' } }, 'bob', { issuer: 'https://b' });
    expect(decisionLine(event, { path: '/', fix: undefined })).toContain(
      'caller: user "alice", for whom acts "bob" of "https://b", before that "carol"',
    );
  });
});

describe('a principal with an actor', () => {
  const deep = (count: number): Actor => ({ subject: `s${count}`, ...(count > 1 && { actor: deep(count - 1) }) });

  test('has it frozen, with all that acted before', () => {
    const { actor } = createPrincipal({ subject: 'alice', actor: deep(16) });
    for (let next = actor; next !== undefined; next = next.actor) expect(Object.isFrozen(next)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['a text', 'bob'],
    ['one without a subject', {}],
    ['one with an empty subject', { subject: '' }],
    ['one whose issuer is no text', { subject: 'bob', issuer: 7 }],
    ['one that repeats itself', Object.assign(deep(2), { actor: 7 })],
    ['more than sixteen', deep(17)],
  ])('is not made of %s', (_what, actor) => {
    expect(() => createPrincipal({ subject: 'alice', actor: actor as Actor })).toThrow(TypeError);
  });

  test('is not made of one that never ends', () => {
    const loop: { subject: string; actor?: Actor } = { subject: 'bob' };
    loop.actor = loop;
    expect(() => createPrincipal({ subject: 'alice', actor: loop })).toThrow(/at most 16 actors/);
  });
});
