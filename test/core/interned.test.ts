import { describe, expect, test } from '@jest/globals';
import { createPrincipal } from '@sallyport/core';

describe('what many principals have in common is kept once', () => {
  test('lists of the same content are one frozen list, whoever brings them', () => {
    const [left, right] = [
      ['read', 'write'],
      ['read', 'write'],
    ].map((scopes) => createPrincipal({ subject: 'a', scopes }));
    expect(left?.scopes).toBe(right?.scopes);
    expect(Object.isFrozen(left?.scopes)).toBe(true);
  });

  test.each([
    [['a b'], ['a', 'b']],
    [['a,b'], ['a', 'b']],
    [['a","b'], ['a', 'b']],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [['a'], ['a', '']],
    [['A'], ['a']],
  ])('%j and %j are never mixed up', (left, right) => {
    expect(createPrincipal({ subject: 'a', scopes: left }).scopes).toEqual(left);
    expect(createPrincipal({ subject: 'a', scopes: right }).scopes).toEqual(right);
  });

  test('what the caller does to its own list afterwards changes nothing', () => {
    const scopes = ['read'];
    const principal = createPrincipal({ subject: 'a', scopes });
    scopes.push('admin');
    expect(principal.scopes).toEqual(['read']);
    expect(createPrincipal({ subject: 'a', scopes: ['read'] }).scopes).toEqual(['read']);
  });

  test('a list that is too long to be common is kept as it is', () => {
    const scopes = Array.from({ length: 500 }, (_, index) => `scope ${index}`);
    expect(createPrincipal({ subject: 'a', scopes }).scopes).toEqual(scopes);
  });
});

describe('claims', () => {
  test('inherit nothing: only names that were sent can be read', () => {
    const { claims } = createPrincipal({ subject: 'a', claims: { nested: {} } });
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
      expect(name in claims).toBe(false);
      expect(name in (claims['nested'] as object)).toBe(false);
    }
  });

  test('called like something inherited are data like any other', () => {
    const sent = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "toString": "x"}');
    const { claims } = createPrincipal({ subject: 'a', claims: sent });
    expect(Object.keys(claims)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(claims['admin']).toBeUndefined();
    expect(JSON.parse(JSON.stringify(claims))).toEqual(sent);
  });

  test('are frozen all through', () => {
    const { claims } = createPrincipal({ subject: 'a', claims: { scope: 'a', list: [{ deep: 1 }] } });
    const [deep] = claims['list'] as [object];
    expect([claims, claims['list'], deep].every(Object.isFrozen)).toBe(true);
  });
});
