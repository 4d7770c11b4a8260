import { describe, expect, test } from '@jest/globals';
import { anonymous, requireScopes, route, routes, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { alice, bearer } from '../chain/scripted-handlers.js';

describe('routes: a parameter may be a part of a segment [OpenAPI 3.0.4 4.8.8]', () => {
  const rows: readonly (readonly [template: string, path: string, isFound: boolean])[] = [
    ['/files/{name}.json', '/files/a.json', true],
    ['/files/{name}.json', '/files/a.b.json', true],
    ['/files/{name}.json', '/files/.json', false],
    ['/files/{name}.json', '/files/a.json/b', false],
    ['/files/{name}.json', '/files/a.jsonp', false],
    ['/files/{name}.json', '/files/ajson', false],
    ['/{id}.json', '/%61.json', true],
    ['/{id}.json', '/7.JSON', false],
    ['/orders/{id}:cancel', '/orders/7:cancel', true],
    ['/orders/{id}:cancel', '/orders/7%3Acancel', false],
    ['/orders:search', '/orders:search', true],
    ['/orders:search', '/orders', false],
    ['/x:{verb}', '/x:go', true],
    ['/x:{verb}', '/x:', false],
    ['/{a}-{b}', '/1-2', true],
    ['/{a}-{b}', '/1-2-3', true],
    ['/{a}-{b}', '/-2', false],
    ['/{a}-{b}', '/1-', false],
    ['/{a}-{b}', '/--', false],
    ['/{a}-{b}', '/---', true],
    ['/gps/{lat},{lon}', '/gps/40.1,-8.5', true],
    ['/compare/{base}...{head}', '/compare/a...b', true],
    ['/compare/{base}...{head}', '/compare/a..b', false],
    ['/Products({id})/Name', '/Products(7)/Name', true],
    ['/Products({id})/Name', '/Products7/Name', false],
    ['/range(address={from}:{to})', '/range(address=a1:b2)', true],
    ['/a+b', '/a+b', true],
    ['/a+b', '/aab', false],
    ['/a.b', '/axb', false],
    ['/a$', '/a$', true],
    ['/(a|b)', '/a', false],
    ['/[ab]', '/a', false],
    ['/a\\d', '/a1', false],
    ['/^a', '/a', false],
    ['/p/{pet id}', '/p/1', true],
    ['/p/{$id}', '/p/1', true],
    ['/p/{a.b-c}', '/p/1', true],
    ['/p/{constructor}', '/p/1', true],
    ['/p/__proto__', '/p/__proto__', true],
    ['/p/{a}', '/p/__proto__', true],
    ['/caf%C3%A9-{id}', '/caf%c3%a9-1', true],
    ['/100%25', '/100%25', true],
  ];

  test.each(rows)('%s: %s %s', (template, path, isFound) => {
    expect(routes([route('GET', template)]).find('GET', path) !== undefined).toBe(isFound);
  });

  test('a path that almost matches is looked at in linear time (CWE-1333)', () => {
    const template = `/${'abcdefgh'.replace(/./g, '{$&}-')}x`;
    const table = routes([route('GET', template), route('GET', '/{a}.{b}.{c}.{d}.{e}.json')]);
    const paths = ['-', '-a', '.', '.j'].map((text) => `/${text.repeat(30_000)}`);
    const started = performance.now();
    for (const path of paths) table.find('GET', path);
    // Going back for each parameter would take hours.
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('routes: of several templates that match, no router is sure to prefer one', () => {
  const token = bearer(alice({ scopes: ['read'] }));
  const open = { requirement: anonymous() };
  const admin = { guards: [requireScopes('admin')] };
  const rows: readonly (readonly [string, closed: string, open: string, path: string, status: number])[] = [
    ['a part, and the whole segment', '/{id}', '/{id}.json', '/7.json', 403],
    ['the whole segment, and a part', '/{id}.json', '/{id}', '/7.json', 403],
    ['the whole segment alone', '/{id}.json', '/{id}', '/7', 200],
    ['two parts', '/{a}-{b}', '/{id}.json', '/1-2.json', 403],
    ['one of two parts', '/{a}-{b}', '/{id}.json', '/1.json', 200],
    ['one part within the other', '/{id}.json', '/{a}.{b}', '/1.json', 403],
    ['in other letters', '/{id}.json', '/{a}-{b}', '/1-2.JSON', 404],
    ['in another segment', '/{x}/b', '/a-{y}/{z}', '/a-1/b', 403],
    ['a literal goes before a part [OpenAPI 3.0.4 4.8.8.2]', '/{id}.json', '/me.json', '/me.json', 200],
    ['a part comes behind a literal [OpenAPI 3.0.4 4.8.8.2]', '/me.json', '/{id}.json', '/me.json', 403],
    ['a verb, and the whole segment', '/{id}', '/{id}:open', '/7:open', 403],
  ];

  test.each(rows)('%s: the request has to satisfy all', async (_what, closed, opened, path, status) => {
    for (const pair of [
      [route('GET', closed, admin), route('GET', opened, open)],
      [route('GET', opened, open), route('GET', closed, admin)],
    ]) {
      const chain = new SecurityChain({ requirement: token, operations: routes(pair) });
      expect((await ask(chain, path, { bearer: 'token' })).status).toBe(status);
      expect((await ask(chain, path)).status).toBe(status === 403 ? 401 : status);
    }
  });

  const spellings: readonly (readonly [string, template: string, path: string, isAmbiguous: boolean])[] = [
    ['another case', '/{id}.json', '/7.JSON', true],
    ['a slash at the end', '/{id}.json', '/7.json/', true],
    ['an encoded literal', '/{id}.json', '/7%2Ejson', true],
    ['an encoded reserved character', '/{id}:open', '/7%3Aopen', true],
    ['a whole literal with one', '/orders:search', '/orders%3Asearch', true],
    ['the case of a value', '/{id}.json', '/A.json', false],
    ['an encoded value', '/{id}.json', '/a%20b.json', false],
    ['a literal that stands in the encoding of a value', '/{a}2{b}', '/x%20y', true],
  ];

  test.each(spellings)('a spelling that routers read in several ways: %s', (_what, template, path, isAmbiguous) => {
    expect(routes([route('GET', template)]).isAmbiguous('GET', path)).toBe(isAmbiguous);
  });

  test('HEAD has to satisfy the operation for GET that a part of it covers [RFC 9110 9.3.2]', async () => {
    const operations = routes([route('HEAD', '/{id}', open), route('GET', '/{id}.json', admin)]);
    const chain = new SecurityChain({ requirement: token, operations });
    expect((await ask(chain, 'HEAD /7.json', { bearer: 'token' })).status).toBe(403);
    expect((await ask(chain, 'HEAD /7', { bearer: 'token' })).status).toBe(200);
  });
});

/** A router of another kind: one regular expression for each template, which ignores what a router can ignore. */
function couldRun(template: string, path: string): boolean {
  const source = template
    .split(/\{[^}]*\}/)
    .map((literal) => decodeURIComponent(literal).replace(/[^\w/]/g, '\\$&'))
    .join('[^/]+');
  const readings = [path, path.replace(/(?!%2f)(?:%[0-9a-f]{2})+/gi, decodeURIComponent)];
  return readings.some((each) => new RegExp(`^${source.replace(/\/$/, '')}/?$`, 'i').test(each));
}

/** Literal text where the other has a parameter, and else the same. */
function isConcreter(template: string, other: string): boolean {
  const others = other.split('/');
  return template.split('/').every((segment, index) => !segment.includes('{') || segment === others[index]);
}

describe('routes: whatever router runs, the request has satisfied what it runs', () => {
  const segment = fc.constantFrom('a', 'b', 'B', 'a.b', '{x}', '{x}.b', 'a{x}', '{x}-{y}', '{x}:b', 'a-{x}.b');
  const template = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((segments) => `/${segments.map((text, index) => text.replace(/[xy]/g, `$&${index}`)).join('/')}`);
  const text = fc.constantFrom(
    'a',
    'b',
    'A',
    'a.b',
    'c',
    'c.b',
    'c.B',
    'ac',
    'a-c',
    'c:b',
    'a-c.b',
    'a%2Db',
    'c%3Ab',
    '%61',
  );
  const path = fc
    .tuple(fc.array(text, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '/'))
    .map(([segments, end]) => `/${segments.join('/')}${end}`);

  test('all operations that it could run are found, are rivals, or are less concrete', () => {
    let looked = 0;
    fc.assert(
      fc.property(fc.uniqueArray(template, { maxLength: 8 }), fc.array(path, { maxLength: 20 }), (templates, paths) => {
        const table = tableOf(templates);
        if (table === undefined) return;
        for (const each of paths) {
          if (table.isAmbiguous('GET', each)) continue;
          const found = table.find('GET', each);
          const runnable = table.operations.filter((operation) => couldRun(operation.template, each));
          if (found === undefined) {
            expect(runnable).toEqual([]);
            continue;
          }
          looked += 1;
          const satisfied = [found, ...table.rivals(found, each)];
          expect(runnable).toContain(found);
          const missed = runnable.filter(
            (operation) => !satisfied.some((one) => one === operation || isConcreter(one.template, operation.template)),
          );
          expect(missed.map((operation) => operation.template)).toEqual([]);
        }
      }),
      cases(2_000),
    );
    expect(looked).toBeGreaterThan(100);
  });

  /** Undefined for operations that are refused together. All need something else. */
  function tableOf(templates: readonly string[]) {
    try {
      return routes(templates.map((each) => route('GET', each, { requirement: bearer() })));
    } catch {
      return undefined;
    }
  }
});
