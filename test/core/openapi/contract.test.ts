import { describe, expect, test } from '@jest/globals';
import { anonymous, anyOf, attempt, optional, type Requirement, SecurityChain } from '@sallyport/core';
import { ask, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, plain } from '../chain/scripted-handlers.js';
import { compiled, definition, handlers, operation, type Security, secured } from './contract-fixture.js';

const TOKEN: RequestParts = { bearer: 'token' };
const KEY: RequestParts = { headers: { 'X-Key': 'k' } };
const BOTH: RequestParts = { ...TOKEN, ...KEY };

describe('contract: what a security list comes to [OpenAPI 3.0.4 4.8.30]', () => {
  type Row = readonly [string, Security, readonly string[], RequestParts, number, string | undefined];
  const rows: readonly Row[] = [
    ['one scheme: proved', [{ oauth: [] }], [], TOKEN, 200, undefined],
    ['one scheme: nothing sent', [{ oauth: [] }], [], {}, 401, 'credentials_missing'],
    ['one scheme: another one sent', [{ oauth: [] }], [], KEY, 401, 'credentials_missing'],
    ['a scope that is there', [{ oauth: ['r'] }], ['r'], TOKEN, 200, undefined],
    ['a scope that is not', [{ oauth: ['r'] }], ['w'], TOKEN, 403, 'insufficient_scope'],
    ['all scopes are needed', [{ oauth: ['r', 'w'] }], ['r'], TOKEN, 403, 'insufficient_scope'],
    ['one object is all-of', [{ oauth: [], key: [] }], [], TOKEN, 401, 'credentials_missing'],
    ['one object is all-of: both sent', [{ oauth: ['r'], key: [] }], ['r'], BOTH, 200, undefined],
    ['the list is any-of: the first', [{ oauth: ['r'] }, { key: [] }], ['r'], TOKEN, 200, undefined],
    ['the list is any-of: the second needs no scope', [{ oauth: ['r'] }, { key: [] }], [], KEY, 200, undefined],
    ['the list is any-of: neither', [{ oauth: ['r'] }, { key: [] }], [], {}, 401, 'credentials_missing'],
    ['scopes belong to their alternative', [{ oauth: ['r'] }, { key: [] }], [], TOKEN, 403, 'insufficient_scope'],
    ['one scheme, two lists of scopes: the second', [{ oauth: ['a'] }, { oauth: ['b'] }], ['b'], TOKEN, 200, undefined],
    ['one scheme, two lists: neither', [{ oauth: ['a'] }, { oauth: ['b'] }], ['c'], TOKEN, 403, 'insufficient_scope'],
    [
      'half of an all-of is no alternative',
      [{ oauth: ['r'], key: [] }, { oauth: ['w'] }],
      ['r'],
      TOKEN,
      403,
      'insufficient_scope',
    ],
    ['{} makes it optional: nothing sent', [{ oauth: ['r'] }, {}], [], {}, 200, undefined],
    ['{} makes it optional: something good sent', [{}, { oauth: ['r'] }], ['r'], TOKEN, 200, undefined],
    ['{} does not forgive a missing scope', [{ oauth: ['r'] }, {}], [], TOKEN, 403, 'insufficient_scope'],
    ['{} does not forgive a scheme that nobody takes', [{ key: [] }, {}], [], TOKEN, 401, 'credentials_unrecognised'],
    ['an empty list is open', [], [], {}, 200, undefined],
    ['an empty list reads no credentials', [], [], TOKEN, 200, undefined],
    ['{} alone is open', [{}], [], TOKEN, 200, undefined],
  ];

  test.each(rows)('%s', async (_what, security, scopes, sends, status, reason) => {
    const operations = await compiled(secured(security), { schemes: handlers(scopes) });
    expect(await ask(new SecurityChain({ operations }), 'GET /a', sends)).toMatchObject({ status, reason });
  });

  test("the definition's security holds where an operation has none, and an operation's own replaces it", async () => {
    const paths = {
      '/a': { get: operation(), post: operation({ security: [] }), put: operation({ security: [{ key: [] }] }) },
    };
    const operations = await compiled(definition(paths, { security: [{ oauth: [] }] }));
    const chain = new SecurityChain({ operations });
    expect((await ask(chain, 'GET /a', KEY)).status).toBe(401);
    expect((await ask(chain, 'GET /a', TOKEN)).status).toBe(200);
    expect((await ask(chain, 'POST /a')).status).toBe(200);
    expect((await ask(chain, 'PUT /a', KEY)).status).toBe(200);
  });

  test('with scopes: any, one of them is enough, as in WSO2', async () => {
    const schemes = handlers(['w']);
    const operations = await compiled(secured([{ oauth: ['r', 'w'] }]), { schemes, scopes: 'any' });
    expect((await ask(new SecurityChain({ operations }), 'GET /a', TOKEN)).status).toBe(200);
  });

  test('a scheme may be proved by several handlers', async () => {
    const jwt = bearer(alice({ scopes: ['r'] }), 'jwt', { selective: true });
    const opaque = {
      ...plain('opaque', 'authorization:bearer'),
      source: { at: 'authorization:bearer', fallback: true },
    };
    const operations = await compiled(secured([{ oauth: ['r'] }]), { schemes: { oauth: anyOf(jwt, opaque) } });
    const chain = new SecurityChain({ operations });
    expect((await ask(chain, 'GET /a', TOKEN)).status).toBe(200);
    expect(await ask(chain, 'GET /a', { bearer: 'foreign' })).toMatchObject({
      status: 403,
      reason: 'insufficient_scope',
    });
  });

  const lenient: readonly (readonly [string, Requirement, Security, number])[] = [
    ['attempt, with a scope', attempt(bearer()), [{ oauth: ['r'] }], 401],
    ['optional, with a scope', optional(bearer()), [{ oauth: ['r'] }], 401],
    ['optional, without one', optional(bearer()), [{ oauth: [] }], 200],
    ['optional in one alternative, a scope in the other', optional(bearer()), [{ oauth: [] }, { key: ['r'] }], 200],
    ['optional and a scope, the other without', optional(bearer()), [{ oauth: ['r'] }, { key: [] }], 401],
    ['anonymous(), with a scope', anonymous(), [{ oauth: ['r'] }], 403],
  ];

  test.each(lenient)(
    'a scheme that needs no proof lets nobody past a scope: %s',
    async (_what, oauth, security, status) => {
      const operations = await compiled(secured(security), { schemes: { oauth, key: apiKey() } });
      expect((await ask(new SecurityChain({ operations }), 'GET /a')).status).toBe(status);
    },
  );
});

describe('contract: which requests belong to an operation', () => {
  type BaseRow = readonly [string, object, { basePath?: string | readonly string[] }, ...templates: readonly string[]];
  const variable = (...values: readonly [string, ...string[]]) => ({ default: values[0], enum: values });
  const rows: readonly BaseRow[] = [
    ['no server: the root', {}, {}, '/a'],
    ['an empty list: the root [OpenAPI 3.0.4 4.8.1]', { servers: [] }, {}, '/a'],
    [
      'the paths of all servers [OpenAPI 3.0.4 4.8.5]',
      { servers: [{ url: 'https://api.example/v1' }, { url: 'http://localhost:3000/' }, { url: '/v2' }] },
      {},
      '/v1/a',
      '/a',
      '/v2/a',
    ],
    ['without its trailing slash', { servers: [{ url: 'https://api.example/v1/' }] }, {}, '/v1/a'],
    ['a server that is a path', { servers: [{ url: '/v1' }] }, {}, '/v1/a'],
    [
      'the same path on several hosts, once',
      { servers: [{ url: 'https://api.example/v1' }, { url: '//test.example/v1/' }] },
      {},
      '/v1/a',
    ],
    [
      'variables with their defaults [OpenAPI 3.0.4 4.8.6]',
      {
        servers: [{ url: '{root}/{v}', variables: { root: { default: 'https://api.example' }, v: { default: 'v3' } } }],
      },
      {},
      '/v3/a',
    ],
    [
      'each value of a variable [OpenAPI 3.0.4 4.8.6]',
      { servers: [{ url: '/{v}/{team}', variables: { v: variable('v1', 'v2'), team: variable('x', 'y') } }] },
      {},
      '/v1/x/a',
      '/v1/y/a',
      '/v2/x/a',
      '/v2/y/a',
    ],
    [
      'the default of a variable, although its values leave it out',
      { servers: [{ url: '/{v}', variables: { v: { default: 'v1', enum: ['v2'] } } }] },
      {},
      '/v1/a',
      '/v2/a',
    ],
    [
      'values with a slash, also in front of the path',
      { servers: [{ url: '{root}/a', variables: { root: variable('https://one.example/x', '//two.example') } }] },
      {},
      '/x/a/a',
      '/a/a',
    ],
    [
      'any number of hosts',
      {
        servers: [
          {
            url: 'https://{one}.{two}.{three}.example:{port}/v1',
            variables: Object.fromEntries(
              ['one', 'two', 'three', 'port'].map((name) => [
                name,
                variable('1', ...Array.from(Array(99).keys(), String)),
              ]),
            ),
          },
        ],
      },
      {},
      '/v1/a',
    ],
    ['a value is no pattern', { servers: [{ url: '/{v}', variables: { v: { default: '$&' } } }] }, {}, '/$&/a'],
    ['the option goes before', { servers: [{ url: '/v1' }] }, { basePath: '/v9' }, '/v9/a'],
    ['the option may end with a slash', {}, { basePath: '/v9/' }, '/v9/a'],
    ['the option may be the root', { servers: [{ url: '/v1' }] }, { basePath: '/' }, '/a'],
    ['the option may be several, each once', {}, { basePath: ['/v1', '/v2', '/v1/'] }, '/v1/a', '/v2/a'],
  ];

  test.each(rows)('base path: %s', async (_what, more, options, ...templates) => {
    const { operations } = await compiled(secured([], more), options);
    expect(operations.map(({ template }) => template)).toEqual(templates);
    expect(new Set(operations.map(({ id }) => id))).toEqual(new Set(['a']));
  });

  test('an operation of several servers needs the same at each of them, and at no other path', async () => {
    const servers = [{ url: 'https://api.example/v1' }, { url: '/' }];
    const chain = new SecurityChain({ operations: await compiled(secured([{ oauth: ['r'] }], { servers })) });
    for (const path of ['/v1/a', '/a']) {
      expect((await ask(chain, `GET ${path}`)).status).toBe(401);
      expect((await ask(chain, `GET ${path}`, TOKEN)).status).toBe(403);
    }
    expect((await ask(chain, 'GET /v2/a', TOKEN)).status).toBe(404);
  });

  test('two operations that one request could mean under some pair of servers are refused', async () => {
    const at = (url: string, security: Security) => ({
      servers: [{ url }],
      get: operation({ security, operationId: `at ${url}` }),
    });
    const paths = { '/a': at('/v1', [{ oauth: [] }]), '/v1/a': at('/', []) };
    await expect(compiled(definition(paths))).rejects.toThrow('cover the same requests');
    const alike = { '/a': at('/v1', [{ oauth: [] }]), '/V1/a': at('/', []) };
    await expect(compiled(definition(alike))).rejects.toThrow('need different things');
  });

  test('base path: a path or an operation may have servers of its own [OpenAPI 3.0.4 4.8.9]', async () => {
    const paths = {
      '/a': { servers: [{ url: '/p' }], get: operation(), put: operation({ servers: [{ url: '/o' }] }) },
      '/b': { get: operation() },
    };
    const { operations } = await compiled(definition(paths, { security: [], servers: [{ url: '/d' }] }));
    expect(operations.map(({ id }) => id)).toEqual(['PUT /o/a', 'GET /p/a', 'GET /d/b'].toSorted(byPath));
  });

  test('a path or method that is not declared is 404', async () => {
    const chain = new SecurityChain({ operations: await compiled(secured([])) });
    expect(await ask(chain, 'POST /a')).toMatchObject({ status: 404, reason: 'operation_undeclared' });
    expect(await ask(chain, 'GET /b')).toMatchObject({ status: 404, reason: 'operation_undeclared' });
  });

  test('paths that differ in a trailing slash or in case may have the same security', async () => {
    const get = () => ({ get: operation({ security: [{ oauth: ['r'] }] }) });
    const operations = await compiled(definition({ '/a': get(), '/a/': get(), '/A': get() }));
    const chain = new SecurityChain({ operations });
    for (const path of ['/a', '/a/', '/A']) expect((await ask(chain, path, TOKEN)).status).toBe(403);
  });

  test('HEAD has to satisfy the operation for GET as well [RFC 9110 9.3.2]', async () => {
    const paths = {
      '/files/{id}': { head: operation({ security: [] }) },
      '/files/secret': { get: operation({ security: [{ oauth: ['r'] }] }) },
    };
    const chain = new SecurityChain({ operations: await compiled(definition(paths)) });
    expect((await ask(chain, 'HEAD /files/secret')).status).toBe(401);
    expect((await ask(chain, 'HEAD /files/secret', TOKEN)).status).toBe(403);
    expect((await ask(chain, 'HEAD /files/7')).status).toBe(200);
  });

  test('a path item may stand in the components', async () => {
    const item = { get: operation({ security: [{ oauth: ['r'] }] }) };
    const more = { openapi: '3.1.1', components: { pathItems: { a: item }, securitySchemes: {} } };
    const operations = await compiled(definition({ '/a': { $ref: '#/components/pathItems/a' } }, more));
    expect((await ask(new SecurityChain({ operations }), 'GET /a')).status).toBe(401);
  });

  test('QUERY is a method since OpenAPI 3.2', async () => {
    const paths = { '/a': { query: operation({ security: [{ oauth: [] }] }) } };
    const operations = await compiled(definition(paths, { openapi: '3.2.0' }));
    expect((await ask(new SecurityChain({ operations }), 'QUERY /a')).status).toBe(401);
  });

  test('a definition that refers to itself compiles', async () => {
    const node = { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } };
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } };
    const get = { security: [], responses: { 200: { description: 'fine', content } } };
    const document = definition({ '/a': { get } }, { components: { schemas: { Node: node } } });
    expect((await compiled(document)).operations).toHaveLength(1);
  });

  test('definitions that are compiled at the same time do not mix', async () => {
    const one = definition({ '/one': { get: operation() } }, { security: [] });
    const two = definition({ '/two': { get: operation() } }, { security: [] });
    const tables = await Promise.all([compiled(one), compiled(two)]);
    expect(tables.map(({ operations }) => operations.map(({ id }) => id))).toEqual([['GET /one'], ['GET /two']]);
  });

  test('the definition is read and not written to', async () => {
    const document = secured([{ oauth: ['r'] }]);
    const before = JSON.stringify(document);
    await compiled(document);
    expect(JSON.stringify(document)).toBe(before);
  });

  test('YAML and JSON text are read like data', async () => {
    const document = secured([{ key: [] }]);
    const yaml = [
      'openapi: 3.0.4',
      'info: {title: t, version: "1"}',
      'paths:',
      '  /a:',
      '    get: {security: [], responses: {200: {description: d}}}',
    ];
    expect((await compiled(JSON.stringify(document))).operations).toHaveLength(1);
    expect((await compiled(yaml.join('\n'))).operations.map(({ id }) => id)).toEqual(['GET /a']);
  });

  test('open lists what is open without saying so', async () => {
    const operations = await compiled(secured(undefined), { open: ['a'] });
    expect((await ask(new SecurityChain({ operations }), 'GET /a')).status).toBe(200);
  });

  test('open opens nothing that has a security of its own', async () => {
    const operations = await compiled(secured([{ key: [] }]), { open: ['a'] });
    expect((await ask(new SecurityChain({ operations }), 'GET /a')).status).toBe(401);
  });
});

function byPath(a: string, b: string): number {
  const path = (id: string) => id.split('/').at(-1) ?? '';
  return path(a).localeCompare(path(b)) || a.localeCompare(b);
}
