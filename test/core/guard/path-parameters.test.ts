import { describe, expect, test } from '@jest/globals';
import {
  anonymous,
  createPrincipal,
  every,
  guard,
  headerHandler,
  route,
  routes,
  SecurityChain,
  some,
} from '@sallyport/core';
import { ask, buildRequest, guardRules } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { alice, bearer } from '../chain/scripted-handlers.js';

const TOKEN = { bearer: 'token' };
const ALICE = createPrincipal({ subject: 'alice' });

/** What a guard reads of one request to an operation with this template. */
async function readOf(template: string, path: string, sends: object = {}): Promise<unknown> {
  let read: unknown = 'not asked';
  const reading = guard('reading', (_principal, { pathParameters }) => {
    read = { ...pathParameters };
    return true;
  });
  const operations = routes([route('GET', template, { requirement: anonymous(), guards: [reading] })]);
  const { status, reason } = await ask(new SecurityChain({ operations }), path, sends);
  return status === 200 ? read : `${status} ${reason}`;
}

describe('guards read the path parameters of the operation', () => {
  const rows: readonly (readonly [string, template: string, path: string, read: unknown])[] = [
    ['none', '/users', '/users', {}],
    ['one', '/users/{userId}', '/users/7', { userId: '7' }],
    ['several', '/{a}/b/{c}', '/1/b/2', { a: '1', c: '2' }],
    ['decoded [RFC 3986 2.4]', '/users/{id}', '/users/J%C3%BCrgen%20%26%20Co', { id: 'Jürgen & Co' }],
    ['in their own case', '/users/{id}', '/users/AbC', { id: 'AbC' }],
    ['whose letters grow in lower case', '/{a}-{b}', '/%C4%B0%C4%B0-x', { a: 'İİ', b: 'x' }],
    ['a query is no part of them', '/users/{id}', '/users/7?id=8', { id: '7' }],
    ['parts of a segment', '/gps/{lat},{lon}', '/gps/40.1,-8.5', { lat: '40.1', lon: '-8.5' }],
    ['around literal text', '/a{x}b{y}c', '/a1b2c', { x: '1', y: '2' }],
    ['a verb', '/orders/{id}:cancel', '/orders/7:cancel', { id: '7' }],
    ['a name that every object has', '/{constructor}/{__proto__}', '/a/b', { constructor: 'a', ['__proto__']: 'b' }],
    ['that can be cut in two ways', '/{a}-{b}', '/1-2-3', '400 path_parameters_ambiguous'],
    ['or only without regard to case', '/{a}x{b}', '/1x2X3', '400 path_parameters_ambiguous'],
    ['or only once it is decoded', '/{a},{b}', '/1,2%2C3', '400 path_parameters_ambiguous'],
    ['or by overlapping text', '/{a}...{b}', '/1....2', '400 path_parameters_ambiguous'],
  ];

  test.each(rows)('%s: %s, %s', async (_what, template, path, read) => {
    expect(await readOf(template, path)).toEqual(read);
  });

  test.each([
    ['under other names', '/users/{id}', '/users/7', undefined, { userId: '7' }],
    ['in another case, and with a slash at the end', '/users/{id}', '/USERS/Bob/', undefined, { userId: 'Bob' }],
    ['below a mount', '/{id}', '/users/7', '/users', { userId: '7' }],
  ])('where the framework tells its route: %s', async (_what, template, path, mount, read) => {
    const sends = { route: { method: 'GET', template, mount } };
    expect(await readOf('/users/{userId}', path, sends)).toEqual(read);
  });

  test('a route that was reached by another path has none: a guard that asks fails, and nobody is let in', async () => {
    const sends = { route: { method: 'GET', template: '/users/{id}' } };
    expect(await readOf('/users/{userId}', '/elsewhere', sends)).toBe('500 guard_threw');
    expect(await readOf('/users/{userId}', '/users/7/8', sends)).toBe('500 guard_threw');
  });

  test('where no operation was found there are none', async () => {
    const own = guard('own', ({ subject }, { pathParameters }) => pathParameters['userId'] === subject);
    const chain = new SecurityChain({ requirement: bearer(), guards: [own] });
    expect((await ask(chain, '/users/alice', TOKEN)).status).toBe(403);
  });

  test('guards of the chain and guards that a route adds read them, too', async () => {
    const own = guard('own', ({ subject }, { pathParameters }) => pathParameters['userId'] === subject);
    const operations = routes([route('GET', '/users/{userId}'), route('GET', '/rest/{other}')]);
    const chain = new SecurityChain({ requirement: bearer(alice()), guards: [own], operations });
    const statuses = ['/users/alice', '/users/bob', '/rest/alice'].map(
      async (path) => (await ask(chain, path, TOKEN)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 403]);
    const open = new SecurityChain({ requirement: bearer(alice()), operations });
    for (const [path, kind] of [
      ['/users/alice', 'granted'],
      ['/users/bob', 'denied'],
    ] as const) {
      const granted = await open.decide(buildRequest(path, TOKEN));
      if (granted.kind !== 'granted') throw new Error('not granted');
      expect(await open.authorize(granted, own, buildRequest(path, TOKEN))).toMatchObject({ kind });
    }
  });

  test('with every and some, and after a wait', async () => {
    const later = guard('later', async ({ subject }, request) => {
      await Promise.resolve();
      return request.pathParameters['userId'] === subject;
    });
    const guards = [
      every(
        some(later, () => false),
        later,
      ),
    ];
    const operations = routes([route('GET', '/users/{userId}', { guards })]);
    const chain = new SecurityChain({ requirement: bearer(alice()), operations });
    expect((await ask(chain, '/users/alice', TOKEN)).status).toBe(200);
    expect((await ask(chain, '/users/bob', TOKEN)).status).toBe(403);
  });

  test('a handler sees none: what it finds out may be remembered for another path', async () => {
    const seen: unknown[] = [];
    const handler = headerHandler({
      name: 'key',
      header: 'X-Key',
      verify: (key, { pathParameters }) => {
        seen.push({ ...pathParameters });
        return { subject: key };
      },
    });
    const operations = routes([route('GET', '/users/{userId}')]);
    await ask(new SecurityChain({ requirement: handler, operations }), '/users/7', { headers: { 'X-Key': 'k' } });
    expect(seen).toEqual([{}]);
  });

  test('the refusal of a path that can be cut in several ways is no bug, and names the caller to the operator', async () => {
    const reading = guard('reading', (_principal, { pathParameters }) => pathParameters['a'] === '1');
    const operations = routes([route('GET', '/{a}-{b}', { guards: [reading] })]);
    const answer = await ask(new SecurityChain({ requirement: bearer(alice()), operations }), '/1-2-3', TOKEN);
    expect(answer).toMatchObject({ status: 400, reason: 'path_parameters_ambiguous', challenges: [] });
    expect(answer.event).toMatchObject({ principal: { subject: 'alice' }, fault: undefined });
  });
});

describe('where a request has to satisfy several operations, guards are asked for each, with its own parameters', () => {
  const own = (name: string) =>
    guard(`own ${name}`, ({ subject }, { pathParameters }) => pathParameters[name] === subject);
  const token = bearer(alice());

  test('guards of operations', async () => {
    const operations = routes([
      route('GET', '/{x}/alice', { guards: [own('x')] }),
      route('GET', '/alice/{y}', { guards: [own('y')] }),
    ]);
    const chain = new SecurityChain({ requirement: token, operations });
    const statuses = ['/alice/alice', '/alice/bob', '/bob/alice'].map(
      async (path) => (await ask(chain, path, TOKEN)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 403]);
  });

  test('guards of the chain, and of routes, for parameters of one name', async () => {
    const operations = routes([route('GET', '/{id}/alice'), route('GET', '/bob/{id}')]);
    const guarded = new SecurityChain({ requirement: token, guards: [own('id')], operations });
    expect((await ask(guarded, '/bob/alice', TOKEN)).status).toBe(403);
    expect((await ask(guarded, '/alice/alice', TOKEN)).status).toBe(200);
    const open = new SecurityChain({ requirement: token, operations });
    const granted = await open.decide(buildRequest('/bob/alice', TOKEN));
    if (granted.kind !== 'granted') throw new Error('not granted');
    expect(await open.authorize(granted, own('id'), buildRequest('/bob/alice', TOKEN))).toMatchObject({
      kind: 'denied',
    });
  });

  test('operations for HEAD and GET', async () => {
    const operations = routes([
      route('HEAD', '/{x}', { guards: [own('x')] }),
      route('GET', '/{y}', { guards: [own('y')] }),
    ]);
    const chain = new SecurityChain({ requirement: token, operations });
    expect((await ask(chain, 'HEAD /alice', TOKEN)).status).toBe(200);
    expect((await ask(chain, 'HEAD /bob', TOKEN)).status).toBe(403);
  });

  test('a guard that has let one operation pass is asked again for the operation of a route', async () => {
    const operations = routes([route('GET', '/users/{userId}'), route('GET', '/{userId}/{part}')]);
    const chain = new SecurityChain({ requirement: token, guards: [own('userId')], operations });
    const byPath = await chain.decide(buildRequest('/users/alice', TOKEN));
    if (byPath.kind !== 'granted') throw new Error('not granted');
    const sends = { ...TOKEN, route: { method: 'GET', template: '/{userId}/{part}' } };
    expect(await chain.decide(buildRequest('/users/alice', sends), byPath)).toMatchObject({ kind: 'denied' });
  });
});

describe('guards that read path parameters are tested without a chain', () => {
  const own = () => guard('own', ({ subject }, { pathParameters }) => pathParameters['userId'] === subject);
  const template = '/users/{userId}';
  const rules = guardRules(own, {
    permitted: [{ principal: ALICE, line: '/users/alice', template }],
    refused: [
      { principal: ALICE, line: '/users/bob', template },
      { principal: ALICE, line: '/users/alice' },
    ],
  });

  test.each(rules)('$title', ({ check }) => check());
});

describe('values that are read are the ones that the path was made of', () => {
  const value = fc.stringMatching(/^[a-zA-Z0-9éİß %,:&]{1,6}$/).filter((text) => text.trim() !== '');

  test('or there are none', async () => {
    const template = '/{a}/{b}-{c}/x{d}.json';
    const reached = { read: 0 };
    await fc.assert(
      fc.asyncProperty(fc.tuple(value, value, value, value), async ([a, b, c, d]) => {
        const [u, v, w, x] = [a, b, c, d].map(encodeURIComponent);
        const sends = { route: { method: 'GET', template } };
        const read = await readOf(template, `/${u}/${v}-${w}/x${x}.json`, sends);
        if (typeof read === 'string') return;
        reached.read += 1;
        expect(read).toEqual({ a, b, c, d });
      }),
      cases(300),
    );
    expect(reached.read).toBeGreaterThan(100);
  });
});
