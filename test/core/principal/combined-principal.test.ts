import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  authenticated,
  createPrincipal,
  type Principal,
  type PrincipalInit,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { challenge, SecurityRequest } from '@sallyport/core/extend';

function handler(name: string, init: PrincipalInit): SecurityHandler {
  const verdict = authenticated(createPrincipal(init));
  return {
    name,
    challenges: [challenge(name)],
    source: { at: `header:${name}` },
    extract: () => name,
    verify: () => verdict,
  };
}

/** What a chain makes of several proofs of one request. */
async function combined(...inits: readonly PrincipalInit[]): Promise<Principal> {
  const handlers = inits.map((init, index) => handler(`h${index}`, init));
  const decision = await new SecurityChain({ requirement: allOf(...handlers, anonymous()) }).decide(
    new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] }),
  );
  if (decision.kind !== 'granted') throw new Error(decision.reason);
  return decision.principal;
}

describe('a principal of several proofs', () => {
  test('is whom the first proof names', async () => {
    const principal = await combined(
      { kind: 'workload', issuer: 'https://a', subject: 'alice', acr: '1', authenticatedAt: 5, issuedAt: 4 },
      { kind: 'client', issuer: 'https://b', subject: 'bob', acr: '2', authenticatedAt: 7, issuedAt: 6 },
    );
    expect(principal).toMatchObject({
      kind: 'workload',
      issuer: 'https://a',
      subject: 'alice',
      acr: '1',
      authenticatedAt: 5,
      issuedAt: 4,
    });
  });

  test('has the scopes, roles, audiences and methods of all, each once', async () => {
    const principal = await combined(
      { subject: 'a', scopes: ['read', 'write'], roles: ['x'], audience: ['api'], amr: ['pwd'] },
      { subject: 'b', scopes: ['write', 'admin'], roles: ['y', 'x'], audience: ['api', 'web'], amr: ['otp'] },
    );
    expect(principal).toMatchObject({
      scopes: ['read', 'write', 'admin'],
      roles: ['x', 'y'],
      audience: ['api', 'web'],
      amr: ['pwd', 'otp'],
    });
  });

  test('has the client of the first proof that names one', async () => {
    expect((await combined({ subject: 'a' }, { subject: 'b', clientId: 'shop' })).clientId).toBe('shop');
    const both = await combined({ subject: 'a', clientId: 'own' }, { subject: 'b', clientId: 'shop' });
    expect(both.clientId).toBe('own');
  });

  test('has the claims of all, and of the first where they differ', async () => {
    const { claims } = await combined(
      { subject: 'a', claims: { sub: 'a', both: [1] } },
      { subject: 'b', claims: { sub: 'b', both: [2], more: { deep: true } } },
    );
    expect(JSON.parse(JSON.stringify(claims))).toEqual({ sub: 'a', both: [1], more: { deep: true } });
  });

  test('is safe against claims that are called like something inherited (CWE-1321)', async () => {
    const { claims } = await combined(
      { subject: 'a', claims: JSON.parse('{"__proto__": {"admin": true}}') },
      { subject: 'b', claims: JSON.parse('{"__proto__": {"root": true}, "constructor": 1}') },
    );
    expect([claims['admin'], claims['root'], Reflect.get({}, 'admin')]).toEqual([undefined, undefined, undefined]);
    expect(Object.keys(claims).toSorted()).toEqual(['__proto__', 'constructor']);
  });

  test.each([
    [[10, 20], 10],
    [[20, 10], 10],
    [[undefined, 20], 20],
    [[20, undefined], 20],
    [[undefined, undefined], undefined],
  ])('ends when the first of its proofs ends: %j', async (ends, expected) => {
    const principal = await combined(...ends.map((expiresAt, index) => ({ subject: `s${index}`, expiresAt })));
    expect(principal.expiresAt).toBe(expected);
  });

  test('keeps the proof of possession that one of them brought (RFC 7800 3.1)', async () => {
    const confirmation = { 'x5t#S256': 'abc' };
    expect((await combined({ subject: 'a' }, { subject: 'b', confirmation })).confirmation).toEqual(confirmation);
  });

  test('tells all proofs in the order in which they were checked', async () => {
    const { via } = await combined({ subject: 'a' }, { subject: 'b' }, { subject: 'c' });
    expect(via).toEqual([
      { handler: 'h0', scheme: 'h0' },
      { handler: 'h1', scheme: 'h1' },
      { handler: 'h2', scheme: 'h2' },
    ]);
  });

  test('is frozen all through', async () => {
    const principal = await combined(
      { subject: 'a', scopes: ['x'], claims: { a: [{}] }, confirmation: { jkt: 'a' } },
      { subject: 'b', claims: { b: [{}] } },
    );
    const parts = [principal, ...Object.values(principal), ...Object.values(principal.claims), ...principal.via];
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  });

  test('is made anew: what each handler proved stays as it was', async () => {
    const shared = handler('shared', { subject: 'a', scopes: ['read'] });
    const other = handler('other', { subject: 'b', scopes: ['write'] });
    const chain = new SecurityChain({ requirement: allOf(shared, other) });
    const request = () => new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [] });
    await chain.decide(request());
    const alone = await new SecurityChain({ requirement: shared }).decide(request());
    expect(alone).toMatchObject({ principal: { scopes: ['read'] } });
  });
});
