import { describe, expect, test } from '@jest/globals';
import { createPrincipal, type Principal, type PrincipalInit } from '@sallyport/core';
import { ANONYMOUS, isPrincipal } from '@sallyport/core/extend';
import { expectTypeOf } from 'expect-type';

const FULL: PrincipalInit = {
  kind: 'client',
  issuer: 'https://as.example',
  subject: 'alice',
  clientId: 'shop',
  scopes: ['read', 'write'],
  roles: ['admin'],
  audience: ['https://api.example'],
  claims: { sub: 'alice', tenant: { id: 7 } },
  expiresAt: 2_000_000_000,
  issuedAt: 1_900_000_000,
  authenticatedAt: 1_800_000_000,
  acr: 'urn:mace:incommon:iap:silver',
  amr: ['pwd', 'otp'],
  confirmation: { jkt: '0ZcOCORZNYy' },
  via: [{ handler: 'jwt', scheme: 'bearer' }],
};

/** Every object that can be reached. */
function reachable(value: unknown, seen = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return seen;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) reachable(Reflect.get(value, key), seen);
  return seen;
}

describe('a principal', () => {
  test('holds what it was made of', () => {
    const principal = createPrincipal(FULL);
    expect({ ...principal }).toEqual({ ...FULL, claims: principal.claims });
    expect(JSON.parse(JSON.stringify(principal))).toEqual(FULL);
  });

  test('needs no more than a subject: it is a user, and all lists are empty', () => {
    expect({ ...createPrincipal({ subject: 'alice' }) }).toEqual({
      kind: 'user',
      issuer: undefined,
      subject: 'alice',
      clientId: undefined,
      scopes: [],
      roles: [],
      audience: [],
      claims: {},
      expiresAt: undefined,
      issuedAt: undefined,
      authenticatedAt: undefined,
      acr: undefined,
      amr: [],
      confirmation: undefined,
      via: [],
    });
  });

  test('has room for what few tell only if it tells one of them, and its copies are the same principal', () => {
    const few = ['authenticatedAt', 'acr', 'confirmation', 'actor'];
    const plain = createPrincipal({ subject: 'alice', issuer: 'https://as.example' });
    expect(few.filter((name) => Object.hasOwn(plain, name))).toEqual([]);
    expect(few.map((name) => Reflect.get(plain, name))).toEqual(few.map(() => undefined));
    const strong = createPrincipal({ ...plain, acr: 'mfa' });
    expect(Object.keys(strong)).toEqual(expect.arrayContaining(few));
    for (const principal of [plain, strong]) expect(createPrincipal({ ...principal })).toEqual(principal);
  });

  test.each([
    ['made of everything', createPrincipal(FULL)],
    ['made of a subject', createPrincipal({ subject: 'alice' })],
    ['nobody', ANONYMOUS],
  ])('%s is frozen all through', (_case, principal) => {
    expect([...reachable(principal)].filter((object) => !Object.isFrozen(object))).toEqual([]);
  });

  test('changes with nothing that it was made of', () => {
    const init = structuredClone(FULL) as { [Name in keyof PrincipalInit]: PrincipalInit[Name] };
    const principal = createPrincipal(init);
    const before = JSON.stringify(principal);
    for (const object of reachable(init)) {
      if (Array.isArray(object)) object.push('more');
      else Object.assign(object, { id: 8, more: true, handler: 'x', method: 'x' });
    }
    expect(JSON.stringify(principal)).toBe(before);
  });

  test('leaves what it was made of as it was', () => {
    const init = structuredClone(FULL);
    createPrincipal(init);
    expect(init).toEqual(FULL);
    expect([...reachable(init)].filter(Object.isFrozen)).toEqual([]);
  });

  test('knows its scopes and roles by their whole names, case-sensitive (RFC 6749 3.3)', () => {
    const principal = createPrincipal(FULL);
    expect(['read', 'write', 'rea', 'READ', 'read write', ''].map((scope) => principal.hasScope(scope))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(['admin', 'adm', 'Admin', 'read'].map((role) => principal.hasRole(role))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test.each<[string, object]>([
    ['no subject', {}],
    ['an empty subject', { subject: '' }],
    ['a subject that is no text', { subject: 7 }],
    ['an anonymous kind', { kind: 'anonymous' }],
    ['an unknown kind', { kind: 'root' }],
    ['an issuer that is a list', { issuer: ['https://as.example'] }],
    ['a client that is no text', { clientId: 7 }],
    ['scopes in one text, in which "admin-read" would hold "admin"', { scopes: 'admin-read' }],
    ['scopes that are no texts', { scopes: ['read', 7] }],
    ['roles in a set', { roles: new Set(['admin']) }],
    ['roles in one text', { roles: 'admin' }],
    ['an audience in one text', { audience: 'https://api.example' }],
    ['an amr in one text', { amr: 'pwd' }],
    ['an acr that is no text', { acr: 1 }],
    ['an end that is no number', { expiresAt: '2000000000' }],
    ['an end that never comes', { expiresAt: Number.NaN }],
    ['an end that is not finite', { expiresAt: Number.POSITIVE_INFINITY }],
    ['an issue that is a date', { issuedAt: new Date() }],
    ['an authentication at null', { authenticatedAt: null }],
    ['a confirmation by nothing', { confirmation: {} }],
    ['a confirmation without a value', { confirmation: { jkt: '' } }],
    ['a confirmation by no text', { confirmation: { jkt: 7 } }],
    ['a confirmation that is a list', { confirmation: ['jkt'] }],
    ['a confirmation that is null', { confirmation: null }],
    ['proofs that are no list', { via: { handler: 'a', scheme: 'b' } }],
    ['a proof without a handler', { via: [{ scheme: 'b' }] }],
  ])('of %s is not made', (_case, wrong) => {
    const init: PrincipalInit = {
      ...(Object.keys(wrong).length === 0 ? {} : { subject: 'alice' }),
      ...wrong,
    } as PrincipalInit;
    expect(() => createPrincipal(init)).toThrow(TypeError);
    // Not what a list runs into later.
    expect(() => createPrincipal(init)).toThrow(/principal/);
  });

  test('is recognised by its brand: look-alikes, copies and heirs are none', () => {
    const principal = createPrincipal(FULL);
    expect(isPrincipal(principal)).toBe(true);
    expect(isPrincipal(ANONYMOUS)).toBe(true);
    const lookAlikes = [{ ...principal }, structuredClone(FULL), Object.create(principal), null, undefined, 'alice'];
    expect(lookAlikes.filter(isPrincipal)).toEqual([]);
  });

  test('knows the type of its claims', () => {
    interface Claims {
      readonly tenant: { readonly id: number };
    }
    const typed = createPrincipal<Claims>({ subject: 'alice', claims: { tenant: { id: 7 } } });
    expectTypeOf(typed).toEqualTypeOf<Principal<Claims>>();
    expectTypeOf(typed.claims.tenant.id).toEqualTypeOf<number>();
    expectTypeOf(createPrincipal(FULL).claims['anything']).toEqualTypeOf<unknown>();
    expect(typed.claims.tenant.id).toBe(7);
  });
});

describe('claims', () => {
  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map([['a', 1]])],
    ['a set', new Set([1])],
    ['a buffer', Buffer.from('a')],
    ['a regular expression', /a/],
    ['a promise', Promise.resolve()],
  ])('hold no %s', (_case, value) => {
    expect(() => createPrincipal({ subject: 'a', claims: { list: [{ value }] } })).toThrow('claims are JSON values');
  });

  test('keep texts, numbers, booleans, null, lists and objects as they are', () => {
    const claims = { text: 'a', empty: '', zero: 0, float: 1.5, yes: true, no: false, none: null, list: [[], {}, [1]] };
    expect(JSON.stringify(createPrincipal({ subject: 'a', claims }).claims)).toBe(JSON.stringify(claims));
  });

  test('of another principal are taken as they are, and what only inherits like them is copied', () => {
    const { claims } = createPrincipal(FULL);
    expect(createPrincipal({ subject: 'bob', claims }).claims).toBe(claims);
    for (const member of [['a'], { a: 1 }, Object.freeze([{ a: 1 }])]) {
      const posing = Object.assign(Object.create(Object.getPrototypeOf(claims)), { member });
      for (const given of [posing, Object.freeze(posing)]) {
        const taken = createPrincipal({ subject: 'bob', claims: given }).claims;
        expect(taken).toEqual({ member });
        expect([...reachable(taken)].filter((object) => !Object.isFrozen(object))).toEqual([]);
      }
    }
  });

  test.each([
    ['lists', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ inner })],
  ])('nest %s 32 levels deep and no deeper', (_case, wrap) => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : wrap(nested(levels - 1)));
    const make = (levels: number) => createPrincipal({ subject: 'a', claims: { a: nested(levels) } });
    expect(() => make(31)).not.toThrow();
    expect(() => make(32)).toThrow('nested deeper than 32 levels');
  });

  test('that contain themselves are refused', () => {
    const claims: Record<string, unknown> = {};
    claims['self'] = claims;
    expect(() => createPrincipal({ subject: 'a', claims })).toThrow('nested deeper than 32 levels');
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'])(
    'called %s change no object and no principal (CWE-1321)',
    (name) => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      const sent: Record<string, unknown> = JSON.parse(`{"${name}": {"polluted": true, "scopes": ["admin"]}}`);
      const principal = createPrincipal({ subject: 'a', claims: sent });
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
      expect(principal.claims['polluted']).toBeUndefined();
      expect(principal.scopes).toEqual([]);
      expect(Object.hasOwn(principal.claims, name)).toBe(true);
    },
  );
});
