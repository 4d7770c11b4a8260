import { describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { type OpenApiDocument, openApi } from '@sallyport/openapi';
import { compiled, definition, operation, secured } from './contract-fixture.js';

describe('contract: what cannot be meant is a clear error', () => {
  test('a chain says that a contract was not awaited', () => {
    const operations = openApi(secured([]), { schemes: {} });
    const make = () => new SecurityChain({ operations: operations as never });
    expect(make).toThrow('SecurityChainOptions.operations is a promise: await openApi(...) first');
    return operations;
  });

  const INVALID = 'ERR_SALLYPORT_CONTRACT_INVALID';
  const open = { get: operation({ security: [] }) };
  const closed = { get: operation({ security: [{ oauth: ['admin'] }] }) };
  const many = { default: '0', enum: Array.from(Array(101).keys(), String) };
  const rows: readonly (readonly [string, OpenApiDocument | string, RegExp])[] = [
    ['an operation without security', secured(undefined), /operation a declares no security/],
    ['a scheme without a handler', secured([{ saml: [] }]), /operation a needs the security scheme saml/],
    ['a scheme called like a member of every object', secured([{ constructor: [] }]), /scheme constructor/],
    [
      'a scope that is none',
      secured([{ oauth: ['a b'] }]),
      /operation a needs the scope \(a name that is not shown\), which is none/,
    ],
    ['no text', '', /is empty/],
    ['the name of a file', 'orders.yaml', /a name or a single text, not a document; give what the file contains/],
    ['the place of a file', new URL('file:///orders.yaml') as never, /give what the file contains/],
    ['a promise', Promise.resolve('openapi: 3.0.4') as never, /is a promise: await it first/],
    ['null', JSON.parse('null'), /is empty/],
    ['a list', JSON.parse('[]'), /must be OpenAPI 3/],
    ['a number', JSON.parse('3'), /is empty/],
    ['something that is not data', { ...secured([]), 'x-code': () => 1 }, /not data/],
    ['broken YAML', 'a: b: c', /neither YAML nor JSON/],
    ['a doubled key', 'openapi: 3.0.4\nopenapi: 3.0.4', /line 2, column 1: .*DUPLICATE_KEY/],
    ['an avalanche of aliases', avalanche(), /alias/],
    ['nothing but a version', { openapi: '3.0.4' }, /no valid OpenAPI document: .*info/],
    ['Swagger 2', { swagger: '2.0', info: { title: 't', version: '1' }, paths: {} }, /Swagger 2.0; convert it/],
    ['a version that is a number', 'openapi: 3.0\ninfo: { title: t, version: "1" }\npaths: {}', /openapi: "3.0.4"/],
    ['a path that refers to itself', definition({ '/a': { $ref: '#/paths/~1a' } }), /path \/a refers to itself/],
    [
      'paths that refer to each other',
      definition({ '/a': { $ref: '#/paths/~1b' }, '/b': { $ref: '#/paths/~1a' } }),
      /path \/a refers to itself in a circle/,
    ],
    [
      'a path that refers to what every object has',
      definition({ '/a': { $ref: '#/__proto__' } }),
      /cannot be resolved/,
    ],
    ['a path that refers to a constructor', definition({ '/a': { $ref: '#/paths/constructor' } }), /resolve/],
    [
      'operations beside a reference, which would be lost [OpenAPI 3.1.1 4.8.9.1]',
      definition({
        '/a': { $ref: '#/paths/~1b', post: operation({ security: [{ oauth: [] }] }) },
        '/b': { get: operation({ security: [] }) },
      }),
      /path \/a has a \$ref and operations beside it/,
    ],
    [
      'a server variable without a default',
      secured([], { servers: [{ url: 'https://h.example/{v}' }] }),
      /set basePath/,
    ],
    [
      'server variables of too many values',
      secured([], {
        servers: [{ url: '/{a}/{b}/{c}', variables: Object.fromEntries(['a', 'b', 'c'].map((name) => [name, many])) }],
      }),
      /too many values; set basePath/,
    ],
    [
      'servers of too many paths',
      secured([], { servers: many.enum.map((each) => ({ url: `/${each}` })) }),
      /more than 100 paths; set basePath/,
    ],
    ['a server variable that every object has', secured([], { servers: [{ url: '/{constructor}' }] }), /set basePath/],
    ['a path with a dot segment', definition({ '/a/../b': { get: operation({ security: [] }) } }), /is not a path/],
    ['a version that nobody knows', secured([], { openapi: '3.9.0' }), /version/],
    ['a reference to another document', definition({ '/a': { $ref: 'other.yaml#/a' } }), /other.yaml/],
    ['a reference to nothing', definition({ '/a': { $ref: '#/components/nothing' } }), /#\/components\/nothing/],
    [
      'a path that cannot be matched',
      definition({ '/a/{b}{c}': { get: operation({ security: [] }) } }),
      /nothing stands between two of its parameters/,
    ],
    ['a server URL that cannot be read', secured([], { servers: [{ url: 'http://[' }] }), /set basePath/],
    [
      'two operations of one name',
      definition(
        { '/a': { get: operation({ operationId: 'x' }), put: operation({ operationId: 'x' }) } },
        { security: [] },
      ),
      /two operations are called x/,
    ],
    [
      'two paths alike',
      definition({ '/a/{b}': { get: operation() }, '/a/{c}': { get: operation() } }, { security: [] }),
      /same requests/,
    ],
    [
      'two paths that differ in case, of different security',
      definition({ '/Admin': open, '/admin': closed }),
      /\/Admin.*\/admin need different things/,
    ],
    [
      'two paths that differ in a trailing slash, of different security',
      definition({ '/admin': closed, '/admin/': open }),
      /need different things/,
    ],
    [
      'HEAD in another case than GET, of different security',
      definition({ '/Admin': { head: operation({ security: [] }) }, '/admin': closed }),
      /need different things/,
    ],
    [
      'a method that is not known [OpenAPI 3.2.0 4.9]',
      definition({ '/a': { additionalOperations: { COPY: operation({ security: [] }) } } }, { openapi: '3.2.0' }),
      /COPY is not a method/,
    ],
  ];

  test.each(rows)('%s', async (_what, document, message) => {
    await expect(compiled(document)).rejects.toMatchObject({ code: INVALID, message: expect.stringMatching(message) });
  });

  test('open lists an operation that does not exist', async () => {
    await expect(compiled(secured([]), { open: ['b'] })).rejects.toMatchObject({ code: INVALID });
  });

  test('a base path that is no path', async () => {
    await expect(compiled(secured([]), { basePath: 'v1' })).rejects.toMatchObject({ code: INVALID });
  });

  const options: readonly (readonly [string, string, string])[] = [
    ['no schemes', '{}', 'ERR_SALLYPORT_OPTION_INVALID'],
    ['schemes that are none', '{"schemes":null}', 'ERR_SALLYPORT_OPTION_INVALID'],
    ['a scheme proved by nothing', '{"schemes":{"oauth":3}}', 'ERR_SALLYPORT_REQUIREMENT_INVALID'],
    ['an unknown option', '{"schemes":{},"base":"/"}', 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    ['an unknown mode', '{"schemes":{},"scopes":"some"}', 'ERR_SALLYPORT_OPTION_INVALID'],
  ];

  test.each(options)('%s', async (_what, json, code) => {
    await expect(openApi(secured([]), JSON.parse(json))).rejects.toMatchObject({ code });
  });
});

function avalanche(): string {
  const lists = [...'bcdef'].map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcde'[index]}`)}]`);
  return ['a: &a [x]', ...lists].join('\n');
}
