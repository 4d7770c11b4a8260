import { describe, expect, test } from '@jest/globals';
import { anonymous, optional, requireScopes, route, routes, SecurityChain } from '@sallyport/core';
import { type Operation, type OperationTable } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';
import { alice, apiKey, basic, bearer } from '../chain/scripted-handlers.js';

const TABLE = routes([
  route('GET', '/', { id: 'root' }),
  route('GET', '/pets', { id: 'list' }),
  route('POST', '/pets', { id: 'create' }),
  route('GET', '/pets/{petId}', { id: 'show' }),
  route('GET', '/pets/mine', { id: 'mine' }),
  route('HEAD', '/pets/mine', { id: 'peek' }),
  route('GET', '/pets/{petId}/toys/{toyId}', { id: 'toy' }),
  route('GET', '/shops/', { id: 'shops' }),
  route('GET', '/caf%C3%A9/{id}', { id: 'cafe' }),
  route('QUERY', '/search', { id: 'search' }),
]);

describe('routes: which operation a path belongs to', () => {
  const rows: readonly (readonly [string, string, string, string | undefined])[] = [
    ['a concrete path', 'GET', '/pets', 'list'],
    ['the method decides', 'POST', '/pets', 'create'],
    ['a method that is not declared', 'DELETE', '/pets', undefined],
    ['methods are case-sensitive [RFC 9110 9.1]', 'get', '/pets', undefined],
    ['a method that is a member of every object', 'GET', '/constructor', undefined],
    ['a parameter', 'GET', '/pets/7', 'show'],
    ['concrete before parameter', 'GET', '/pets/mine', 'mine'],
    ['two parameters', 'GET', '/pets/7/toys/8', 'toy'],
    ['a parameter is one segment', 'GET', '/pets/7/toys', undefined],
    ['an encoded slash stays in its parameter [RFC 3986 2.2]', 'GET', '/pets/7%2Ftoys', 'show'],
    ['a parameter as long as a request line', 'GET', `/pets/${'7'.repeat(8_000)}`, 'show'],
    ['HEAD falls back to GET [RFC 9110 9.3.2]', 'HEAD', '/pets', 'list'],
    ['HEAD has its own where it is declared', 'HEAD', '/pets/mine', 'peek'],
    ['GET does not fall back to anything', 'GET', '/search', undefined],
    ['QUERY is a method', 'QUERY', '/search', 'search'],
    ['a trailing slash is another path', 'GET', '/pets/', undefined],
    ['and so is none', 'GET', '/shops', undefined],
    ['a trailing slash that is declared', 'GET', '/shops/', 'shops'],
    ['case is another path', 'GET', '/Pets', undefined],
    ['an empty parameter is none', 'GET', '/pets//toys/8', undefined],
    ['an encoded template finds an encoded path', 'GET', '/caf%C3%A9/1', 'cafe'],
    ['in either case of the digits [RFC 3986 2.1]', 'GET', '/caf%c3%a9/1', 'cafe'],
    ['broken encoding belongs to nothing', 'GET', '/pets/%zz', undefined],
    ['the root', 'GET', '/', 'root'],
    ['an asterisk is no path [RFC 9112 3.2.4]', 'OPTIONS', '*', undefined],
    ['nothing is no path', 'GET', '', undefined],
  ];

  test.each(rows)('%s: %s %s', (_why, method, path, id) => {
    expect(TABLE.find(method, path)?.id).toBe(id);
  });
});

describe('routes: spellings that another router could read in another way', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['a plain path', '/pets/mine', false],
    ['another case of a concrete path', '/PETS', true],
    ['another case that would be a parameter here', '/pets/MINE', true],
    ['a parameter in capitals', '/pets/REX', false],
    ['a trailing slash', '/pets/', true],
    ['a trailing slash behind a parameter', '/pets/7/', true],
    ['a trailing slash that is declared', '/shops/', false],
    ['an encoded letter in a concrete segment', '/pets/%6Dine', true],
    ['an encoded letter in a parameter', '/pets/%6Dinor', false],
    ['an encoded path that is declared so', '/caf%C3%A9/1', false],
    ['a path of nobody', '/Nowhere/', false],
  ];

  test.each(rows)('%s: %s', (_why, path, isAmbiguous) => {
    expect(TABLE.isAmbiguous('GET', path)).toBe(isAmbiguous);
  });

  test('are refused, also where the chain has a weaker requirement for the rest', async () => {
    const chain = new SecurityChain({
      requirement: apiKey(),
      firewall: { allowEncodedUnreserved: true },
      operations: routes([
        route('GET', '/pets/mine', { requirement: bearer() }),
        route('GET', '/pets/{petId}', { requirement: basic() }),
      ]),
    });
    const sends = { headers: { 'X-Key': 'k' } };
    for (const path of ['/PETS/mine', '/pets/mine/', '/pets/MINE', '/pets/%6Dine']) {
      const { status, reason } = await ask(chain, path, sends);
      expect({ path, status, reason }).toEqual({ path, status: 404, reason: 'operation_undeclared' });
    }
    expect((await ask(chain, '/elsewhere', sends)).status).toBe(200);
  });

  test('both may be declared where both need the same: then each is found by its own path', () => {
    const guards = [requireScopes('a')];
    const table = routes([
      route('GET', '/a', { id: 'without', guards }),
      route('GET', '/a/', { id: 'with', guards: [...guards] }),
    ]);
    expect([table.find('GET', '/a')?.id, table.find('GET', '/a/')?.id]).toEqual(['without', 'with']);
    expect(table.isAmbiguous('GET', '/a/')).toBe(false);
  });

  const templates: readonly (readonly [string, string, string, boolean])[] = [
    ['a plain path, for a template in capitals', '/Admin', '/admin', true],
    ['the template itself', '/Admin', '/Admin', false],
    ['a plain path, for a template that ends with a slash', '/shop/', '/shop', true],
    ['a plain path, for capitals behind a parameter', '/{id}/petStore', '/7/petstore', true],
    ['another path', '/Admin', '/orders', false],
    ['the name of a parameter is no part of the path', '/pets/{petId}', '/pets/7', false],
    ['capitals beyond ASCII, encoded', '/caf%C3%A9', '/caf%C3%89', true],
  ];

  test.each(templates)('where a template is spelt oddly: %s: %s, %s', (_why, template, path, isAmbiguous) => {
    expect(routes([route('GET', template)]).isAmbiguous('GET', path)).toBe(isAmbiguous);
    expect(routes([route('GET', template)]).isAmbiguous('HEAD', path)).toBe(isAmbiguous);
  });

  test('a HEAD request is looked at as GET, too [RFC 9110 9.3.2]', () => {
    const table = routes([route('HEAD', '/files/{id}'), route('GET', '/files/secret')]);
    expect(table.isAmbiguous('HEAD', '/files/SECRET')).toBe(true);
    expect(table.isAmbiguous('HEAD', '/files/secret')).toBe(false);
  });
});

describe('routes: HEAD has to satisfy the operation for GET as well, where both are declared [RFC 9110 9.3.2]', () => {
  const token = bearer(alice({ scopes: ['read'] }));
  const open = { requirement: anonymous() };
  const admin = { guards: [requireScopes('admin')] };
  const sends = { bearer: 'token' };
  type Row = readonly [string, readonly Operation[], string, number, number];
  const rows: readonly Row[] = [
    ['GET is closed', [route('HEAD', '/a', open), route('GET', '/a')], '/a', 401, 200],
    ['HEAD is closed', [route('HEAD', '/a'), route('GET', '/a', open)], '/a', 401, 200],
    ['both are open', [route('HEAD', '/a', open), route('GET', '/a', open)], '/a', 200, 200],
    ['the more concrete is GET', [route('HEAD', '/{x}', open), route('GET', '/a', admin)], '/a', 401, 403],
    ['the more concrete is HEAD', [route('HEAD', '/a', open), route('GET', '/{x}', admin)], '/a', 401, 403],
    ['guards of both', [route('HEAD', '/a', admin), route('GET', '/a')], '/a', 401, 403],
    ['HEAD alone', [route('HEAD', '/a', open), route('GET', '/b', admin)], '/a', 200, 200],
    ['GET alone', [route('HEAD', '/b', open), route('GET', '/a')], '/a', 401, 200],
  ];

  test.each(rows)('%s', async (_what, operations, path, nobody, somebody) => {
    const chain = new SecurityChain({ requirement: token, operations: routes(operations) });
    expect((await ask(chain, `HEAD ${path}`)).status).toBe(nobody);
    expect((await ask(chain, `HEAD ${path}`, sends)).status).toBe(somebody);
  });

  test('also where the framework tells its route', async () => {
    const operations = routes([route('HEAD', '/a/{x}', open), route('GET', '/a/{y}')]);
    const chain = new SecurityChain({ requirement: token, operations });
    for (const template of ['/a/{x}', '/a/{y}', '/a/{z}']) {
      expect((await ask(chain, 'HEAD /a/1', { route: { method: 'HEAD', template } })).status).toBe(401);
    }
  });

  test('a credential is verified once for both', async () => {
    const once = bearer();
    const chain = new SecurityChain({
      requirement: once,
      operations: routes([route('HEAD', '/a', { requirement: optional(once) }), route('GET', '/a')]),
    });
    expect((await ask(chain, 'HEAD /a', sends)).status).toBe(200);
    expect(once.asked).toBe(1);
  });

  test('what no request could satisfy is refused when the chain is made', () => {
    const other = bearer(alice(), 'other');
    const operations = routes([route('HEAD', '/a', { requirement: other }), route('GET', '/a')]);
    expect(() => new SecurityChain({ requirement: token, operations })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_SOURCE_CONFLICT' }),
    );
  });
});

describe('routes: a path that two operations cover, neither of them the more concrete one, has to satisfy both', () => {
  const token = bearer(alice({ scopes: ['read'] }));
  const open = { requirement: anonymous() };
  const admin = { guards: [requireScopes('admin')] };
  const sends = { bearer: 'token' };
  type Row = readonly [string, readonly Operation[], string, number, number];
  const rows: readonly Row[] = [
    ['closed and open', [route('GET', '/{x}/b', admin), route('GET', '/a/{y}', open)], 'GET /a/b', 401, 403],
    ['open and closed', [route('GET', '/{x}/b', open), route('GET', '/a/{y}', admin)], 'GET /a/b', 401, 403],
    ['in other letters', [route('GET', '/{x}/b', admin), route('GET', '/a/{y}', open)], 'GET /a/B', 401, 403],
    ['encoded', [route('GET', '/{x}/caf\u00e9', admin), route('GET', '/a/{y}', open)], 'GET /a/caf%C3%A9', 401, 403],
    ['paths of one only', [route('GET', '/{x}/b', admin), route('GET', '/a/{y}', open)], 'GET /a/c', 200, 200],
    ['of other methods', [route('POST', '/{x}/b', admin), route('GET', '/a/{y}', open)], 'GET /a/b', 200, 200],
    ['the more concrete one', [route('GET', '/{x}/{y}', admin), route('GET', '/a/{y}', open)], 'GET /a/b', 200, 200],
    [
      'of three',
      ['/{x}/b/c', '/a/{y}/c', '/a/b/{z}'].map((path) =>
        route('GET', path, path.endsWith('}') ? open : path.startsWith('/{') ? admin : {}),
      ),
      'GET /a/b/c',
      401,
      403,
    ],
    ['HEAD of GET', [route('GET', '/{x}/b', admin), route('GET', '/a/{y}', open)], 'HEAD /a/b', 401, 403],
    [
      'HEAD and GET',
      [route('HEAD', '/a/{y}', open), route('GET', '/a/{y}', open), route('GET', '/{x}/b', admin)],
      'HEAD /a/b',
      401,
      403,
    ],
  ];

  test.each(rows)('%s', async (_what, operations, target, nobody, somebody) => {
    const chain = new SecurityChain({ requirement: token, operations: routes(operations) });
    expect((await ask(chain, target)).status).toBe(nobody);
    expect((await ask(chain, target, sends)).status).toBe(somebody);
  });

  test('unless the framework tells which of them runs', async () => {
    const operations = routes([route('GET', '/{x}/b', admin), route('GET', '/a/{y}', open)]);
    const chain = new SecurityChain({ requirement: token, operations });
    expect((await ask(chain, 'GET /a/b', { route: { method: 'GET', template: '/a/{y}' } })).status).toBe(200);
  });

  test('what both cannot be asked for is refused, and nothing else', async () => {
    const other = { requirement: bearer(alice(), 'other') };
    const operations = routes([route('GET', '/{x}/b'), route('GET', '/a/{y}', other)]);
    const chain = new SecurityChain({ requirement: token, operations });
    const statuses = ['/a/b', '/a/c', '/b/b'].map(async (path) => (await ask(chain, `GET ${path}`, sends)).status);
    expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
  });
});

describe('routes: what cannot be meant is refused when the table is made', () => {
  const OPEN = { requirement: anonymous() };
  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['a method in lower case', () => route('get', '/a')],
    ['a method that nobody knows', () => route('FETCH', '/a')],
    ['a path without a slash', () => route('GET', 'a')],
    ['two parameters with nothing between them', () => route('GET', '/a/{b}{c}')],
    ['one name for two parameters', () => route('GET', '/a/{b}/{b}')],
    ['a parameter of several segments [RFC 6570 3.2.3]', () => route('GET', '/a/{+b}')],
    ['a parameter of several segments, as in gateways', () => route('GET', '/a/{b+}')],
    ['a list of segments [RFC 6570 2.4.2]', () => route('GET', '/a/{b*}')],
    ['a brace that closes nothing', () => route('GET', '/a/b}')],
    ['braces in braces', () => route('GET', '/a/{{b}}')],
    ['a slash in the name of a parameter', () => route('GET', '/a/{b/c}')],
    ['a dot segment', () => route('GET', '/a/../b')],
    ['a wildcard beside a parameter', () => route('GET', '/a/{b}*')],
    ['the same parts of segments', () => routes([route('GET', '/{a}.json'), route('GET', '/{b}.json')])],
    ['another case of a part', () => routes([route('GET', '/{a}.JSON', OPEN), route('GET', '/{a}.json')])],
    ['another encoding of a reserved character', () => routes([route('GET', '/a%2Cb', OPEN), route('GET', '/a,b')])],
    [
      'another case, with other names of parameters, which guards read',
      () => routes([route('GET', '/A/{b}'), route('GET', '/a/{c}')]),
    ],
    ['a parameter without a name', () => route('GET', '/a/{}')],
    ['an open brace', () => route('GET', '/a/{b')],
    ['encoded braces', () => route('GET', '/a/%7Bb%7D')],
    ["a framework's parameter", () => route('GET', '/a/:b')],
    ["a framework's wildcard", () => route('GET', '/a/*')],
    ['an encoded wildcard', () => route('GET', '/a/%2A')],
    ['a query', () => route('GET', '/a?b')],
    ['a fragment', () => route('GET', '/a#b')],
    ['broken encoding', () => route('GET', '/a/%zz')],
    ['the same twice', () => routes([route('GET', '/a'), route('GET', '/a')])],
    ['the same with another parameter name', () => routes([route('GET', '/a/{b}'), route('GET', '/a/{c}')])],
    ['the same in another encoding', () => routes([route('GET', '/caf%C3%A9'), route('GET', '/café')])],
    ['another case, with other guards', () => routes([route('GET', '/Admin', OPEN), route('GET', '/admin')])],
    ['a trailing slash, with another requirement', () => routes([route('GET', '/a'), route('GET', '/a/', OPEN)])],
    ['both, behind parameters', () => routes([route('PUT', '/{a}/B', OPEN), route('PUT', '/{b}/b/')])],
    ['another case of an encoded letter', () => routes([route('GET', '/caf%C3%89', OPEN), route('GET', '/café')])],
    ['HEAD in another case than GET', () => routes([route('HEAD', '/Admin', OPEN), route('GET', '/admin')])],
    ['GET in another case than HEAD', () => routes([route('GET', '/Admin', OPEN), route('HEAD', '/admin')])],
    ['a wildcard that no route() has seen', () => routes([{ id: 'a', method: 'GET', template: '/*' }])],
  ];

  test.each(wrong)('%s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' }));
  });

  test('a requirement that is none', () => {
    const requirement = JSON.parse('{"name":"half a handler"}');
    expect(() => route('GET', '/a', { requirement })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_REQUIREMENT_INVALID' }),
    );
  });

  test('an operation without a requirement in a chain without one', () => {
    expect(() => new SecurityChain({ operations: routes([route('GET', '/a')]) })).toThrow(/operation GET \/a has no/);
  });

  test('two handlers of one name in one chain', () => {
    const operations = routes([
      route('GET', '/a', { requirement: bearer(alice(), 'same') }),
      route('GET', '/b', { requirement: bearer(alice(), 'same') }),
    ]);
    expect(() => new SecurityChain({ operations })).toThrow(/two handlers are called "same"/);
  });
});

describe('routes: each has its own requirement and guards, without a contract', () => {
  const chain = new SecurityChain({
    requirement: bearer(alice({ scopes: ['read'] })),
    guards: [({ subject }) => subject === 'alice'],
    operations: routes([
      route('GET', '/pets'),
      route('POST', '/pets', { guards: [requireScopes('write')] }),
      route('GET', '/admin/{id}', { requirement: basic() }),
    ]),
  });
  const token = { bearer: 'token' };

  test('none of its own: that of the chain', async () => {
    expect((await ask(chain, 'GET /pets', token)).status).toBe(200);
  });

  test('guards of its own run behind those of the chain', async () => {
    expect(await ask(chain, 'POST /pets', token)).toMatchObject({ status: 403, reason: 'insufficient_scope' });
  });

  test('guards of its own do not replace those of the chain', async () => {
    const operations = routes([route('GET', '/a', { guards: [() => true] })]);
    const closed = new SecurityChain({ requirement: bearer(), guards: [() => false], operations });
    expect(await ask(closed, 'GET /a', token)).toMatchObject({ status: 403, reason: 'policy_refused' });
  });

  test('a requirement of its own takes no other, and challenges with its own alone', async () => {
    expect(await ask(chain, 'GET /admin/1', token)).toMatchObject({
      status: 401,
      reason: 'credentials_unrecognised',
      challenges: ['Basic realm="api", charset="UTF-8"'],
    });
  });

  test('a request outside of them falls under the requirement of the chain', async () => {
    expect((await ask(chain, 'GET /elsewhere')).status).toBe(401);
  });

  test('the event names the operation', async () => {
    expect((await ask(chain, 'GET /admin/7', token)).event.operation).toBe('GET /admin/{id}');
  });

  test('the route that the framework chose decides, whatever the path looks like (rule 11)', async () => {
    const sends = { ...token, route: { method: 'GET', template: '/admin/{id}' } };
    expect((await ask(chain, 'GET /pets', sends)).reason).toBe('credentials_unrecognised');
  });

  test('whatever the framework calls its parameters (rule 11)', async () => {
    const sends = { ...token, route: { method: 'GET', template: '/admin/{adminId}' } };
    expect((await ask(chain, 'GET /admin/1', sends)).reason).toBe('credentials_unrecognised');
  });

  test('HEAD under the route for GET has the requirement of GET [RFC 9110 9.3.2]', async () => {
    const sends = { ...token, route: { method: 'HEAD', template: '/admin/{id}' } };
    expect((await ask(chain, 'HEAD /admin/1', sends)).reason).toBe('credentials_unrecognised');
  });

  test("a stranger's table that finds an operation which it never listed opens nothing", async () => {
    const stray: Operation = { id: 'stray', method: 'GET', template: '/a' };
    const operations: OperationTable = { operations: [route('GET', '/b')], find: () => stray };
    const strange = new SecurityChain({ requirement: bearer(), operations });
    expect(await ask(strange, 'GET /a', token)).toMatchObject({ status: 404, reason: 'operation_undeclared' });
  });

  test("a stranger's table that throws is a bug, watched or not", async () => {
    const operations: OperationTable = {
      operations: [route('GET', '/b')],
      find: () => {
        throw new Error('broken');
      },
    };
    const strange = new SecurityChain({ requirement: bearer(), operations });
    expect(await ask(strange, 'GET /a', token)).toMatchObject({ status: 500, reason: 'chain_failed' });
    expect(strange.decide(buildRequest('GET /a', token))).toMatchObject({ kind: 'denied', status: 500 });
  });
});
