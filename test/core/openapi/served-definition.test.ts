import { describe, expect, test } from '@jest/globals';
import { anyOf, cookieHandler, denied, type Requirement, SecurityChain, type SecurityScheme } from '@sallyport/core';
import { ask, type RequestParts } from '@sallyport/core/testing';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { type OpenApiDocument, openApi, type ServedDefinitionOptions, servedDefinition } from '@sallyport/openapi';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { alice, apiKey, bearer, plain } from '../chain/scripted-handlers.js';
import { definition, handlers, operation, type Security, secured } from './contract-fixture.js';

type Data = Readonly<Record<string, unknown>>;

function served(document: OpenApiDocument | string, options: Partial<ServedDefinitionOptions> = {}) {
  return servedDefinition(document, { schemes: handlers(), ...options });
}

/** `security` of `GET /a`. */
async function securityOf(...given: Parameters<typeof served>): Promise<unknown> {
  const { paths } = await served(...given);
  return (paths as { '/a': { get: { security: unknown } } })['/a'].get.security;
}

/** The scheme `s`, declared so, as it is served where this proves it. */
async function schemeOf(
  declared: object,
  proof: Requirement,
  options: Partial<ServedDefinitionOptions> & { readonly openapi?: string; readonly security?: Security } = {},
): Promise<unknown> {
  const { openapi = '3.1.2', security = [{ s: [] }], ...others } = options;
  const document = secured(security, { openapi, components: { securitySchemes: { s: declared } } });
  const { components } = await served(document, { schemes: { s: proof }, ...others });
  return (components as { securitySchemes: Data }).securitySchemes['s'];
}

const saying = (handler: object, ...securitySchemes: readonly SecurityScheme[]) =>
  Object.assign(handler, { securitySchemes }) as Requirement;

describe('every operation says what is enforced (OpenAPI 3.0.4 4.8.10)', () => {
  test('its own security stands as it is', async () => {
    const security = [{ oauth: ['a', 'b'] }, { key: [], oauth: [] }, {}];
    expect(await securityOf(secured(security))).toEqual(security);
  });

  test('what it has from the definition is written into it', async () => {
    expect(await securityOf(secured(undefined, { security: [{ key: [] }] }))).toEqual([{ key: [] }]);
  });

  test('an operation of the option open is open to everybody', async () => {
    expect(await securityOf(secured(undefined), { open: ['a'] })).toEqual([]);
    expect(await securityOf(secured([], { security: [{ key: [] }] }))).toEqual([]);
  });

  test('where one of several scopes is enough, there are as many alternatives', async () => {
    const security = [{ oauth: ['a', 'b'], key: [] }, {}];
    const written = [{ oauth: ['a'], key: [] }, { oauth: ['b'], key: [] }, {}];
    expect(await securityOf(secured(security), { scopes: 'any' })).toEqual(written);
  });

  test('paths that refer to one path have operations of their own', async () => {
    const paths = { '/a': { $ref: '#/components/pathItems/one', summary: 'first' }, '/b': { $ref: '#/paths/~1a' } };
    const document = definition(paths, {
      openapi: '3.1.2',
      security: [{ key: [] }],
      components: { pathItems: { one: { summary: 'both', get: operation() } } },
    });
    const get = { ...operation(), security: [{ key: [] }] };
    expect((await served(document))['paths']).toEqual({
      '/a': { summary: 'first', get },
      '/b': { summary: 'first', get },
    });
  });

  test('methods that OpenAPI does not fix are among them (OpenAPI 3.2.0 4.8)', async () => {
    const item = { query: operation({ security: [] }), additionalOperations: {} };
    const document = definition({ '/a': item }, { openapi: '3.2.0' });
    expect((await served(document))['paths']).toEqual({ '/a': { ...item, query: operation({ security: [] }) } });
  });

  test('what cannot be enforced is not served', async () => {
    await expect(served(secured(undefined))).rejects.toThrow('declares no security');
    await expect(served(secured([{ other: [] }]))).rejects.toThrow('no handler');
    await expect(served(secured([]), { open: ['b'] })).rejects.toThrow('no operation is called so');
  });
});

describe('servers are where clients reach the API, with the paths that are enforced', () => {
  const origins = ['https://api.example', 'https://test.example:8443'];
  const PLACES = { servers: [{ url: 'http://{host}/v1/', variables: { host: { default: 'h' } }, 'x-a': 1 }] };

  test.each<[string, object, Partial<ServedDefinitionOptions>, readonly object[] | undefined]>([
    ['as they are without origins', PLACES, {}, PLACES.servers],
    ['none where there are none', {}, {}, undefined],
    ['each origin with the path', PLACES, { origins }, origins.map((origin) => ({ 'x-a': 1, url: `${origin}/v1` }))],
    ['each origin where there are none', {}, { origins }, origins.map((url) => ({ url }))],
    ['the basePath', PLACES, { basePath: '/v2/' }, [{ url: '/v2' }]],
    [
      'each origin with every path',
      {
        servers: [
          {
            url: 'https://{h}/{v}',
            description: 'd',
            variables: { h: { default: 'h' }, v: { default: 'v1', enum: ['v1', 'v2'] } },
          },
          { url: '/v2', description: 'not first' },
          { url: '/', description: 'root' },
        ],
      },
      { origins },
      origins.flatMap((origin) => [
        { description: 'd', url: `${origin}/v1` },
        { description: 'd', url: `${origin}/v2` },
        { description: 'root', url: origin },
      ]),
    ],
    ['every basePath', PLACES, { basePath: ['/v2', '/v3/'] }, [{ url: '/v2' }, { url: '/v3' }]],
    ['the basePath at each origin', {}, { basePath: '/v2', origins }, origins.map((url) => ({ url: `${url}/v2` }))],
    ['no base path', PLACES, { basePath: '/' }, [{ url: '/' }]],
  ])('%s', async (_, more, options, expected) => {
    expect((await served(secured([], more), options))['servers']).toEqual(expected);
  });

  test('servers of a path or an operation, too, unless basePath stands for all', async () => {
    const servers = [{ url: 'https://old.example/x' }];
    const document = definition({ '/a': { servers, get: operation({ security: [], servers }) } });
    const at = { servers: [{ url: 'https://api.example/x' }] };
    const get = operation({ security: [] });
    expect((await served(document, { origins: ['https://api.example'] }))['paths']).toEqual({
      '/a': { ...at, get: { ...get, ...at } },
    });
    expect((await served(document, { basePath: '/y' }))['paths']).toEqual({ '/a': { get } });
  });

  test.each(['https://api.example/', 'https://api.example/v1', 'https://u:p@api.example', 'ftp://api.example', 'api'])(
    'an origin %s is refused',
    async (origin) => {
      const message = expect.stringMatching(/ServedDefinitionOptions\.origins\[0\] must/);
      await expect(served(secured([]), { origins: [origin] })).rejects.toMatchObject({ message });
    },
  );
});

describe('a scheme is what its handler takes (OpenAPI 3.1.2 4.8.27)', () => {
  const session = cookieHandler({ name: 'session', cookie: 'sid', verify: () => denied('no') });
  const users = new InMemoryUserStore([]);
  const HERE = { type: 'apiKey', in: 'header', name: 'X-Other', description: 'mine', 'x-a': 1 };

  test.each<[string, Requirement, object]>([
    ['a header', apiKey(), { type: 'apiKey', in: 'header', name: 'x-key' }],
    ['a cookie', session, { type: 'apiKey', in: 'cookie', name: 'sid' }],
    ['a parameter', plain('p', 'query:key'), { type: 'apiKey', in: 'query', name: 'key' }],
    ['a bearer token', bearer(), { type: 'http', scheme: 'bearer' }],
    ['a password', new BasicHandler({ realm: 'r', users }), { type: 'http', scheme: 'basic' }],
    ['a certificate', plain('c', 'tls:certificate'), { type: 'mutualTLS' }],
    [
      'what a handler says of itself',
      saying(apiKey(), { type: 'http', scheme: 'hoba' }),
      { type: 'http', scheme: 'hoba' },
    ],
  ])('%s', async (_, proof, real) => {
    expect(await schemeOf(HERE, proof)).toEqual({ description: 'mine', 'x-a': 1, ...real });
    expect(await schemeOf({ ...real, description: 'mine' }, proof)).toEqual({ ...real, description: 'mine' });
  });

  test('the name of a header keeps its spelling (RFC 9110 5.1), that of a cookie counts', async () => {
    const header = { type: 'apiKey', in: 'header', name: 'X-KEY' };
    expect(await schemeOf(header, apiKey())).toEqual(header);
    expect(await schemeOf({ type: 'apiKey', in: 'cookie', name: 'SID' }, session)).toMatchObject({ name: 'sid' });
  });

  test('one of several handlers that fits is enough', async () => {
    const cookie = { type: 'apiKey', in: 'cookie', name: 'sid' };
    expect(await schemeOf(cookie, anyOf(apiKey(), session))).toEqual(cookie);
  });

  test('a certificate has no word in OpenAPI 3.0, nor a sub-protocol anywhere', async () => {
    expect(await schemeOf(HERE, plain('c', 'tls:certificate'), { openapi: '3.0.4' })).toEqual(HERE);
    expect(await schemeOf(HERE, plain('p', 'subprotocol:token'))).toEqual(HERE);
  });

  test('a scheme that is not declared is described by its handler; one without a handler stays', async () => {
    const unused = { type: 'http', scheme: 'digest' };
    const document = secured([{ key: [] }], { components: { securitySchemes: { unused } } });
    expect((await served(document))['components']).toEqual({
      securitySchemes: { unused, key: { type: 'apiKey', in: 'header', name: 'x-key' } },
    });
  });

  test('a reference to a scheme is resolved', async () => {
    const securitySchemes = { key: { $ref: '#/components/securitySchemes/real' }, real: { type: 'http', scheme: 'a' } };
    const { components } = await served(secured([{ key: [] }], { components: { securitySchemes } }));
    expect(components).toMatchObject({ securitySchemes: { key: { type: 'apiKey', name: 'x-key' } } });
  });
});

describe('tokens of OAuth and OpenID Connect', () => {
  const scopes = { a: 'Read', 'x-b': 'Extended' };
  const OLD = 'https://old.example';
  const OAUTH = {
    type: 'oauth2',
    flows: {
      authorizationCode: {
        authorizationUrl: `${OLD}/a`,
        tokenUrl: `${OLD}/t`,
        refreshUrl: `${OLD}/r`,
        scopes,
        'x-c': 1,
      },
      clientCredentials: { tokenUrl: `${OLD}/t`, scopes },
      implicit: { authorizationUrl: `${OLD}/a`, scopes },
    },
  };
  const NEW: SecurityScheme = {
    type: 'oauth2',
    authorizationUrl: 'https://as.example/a',
    tokenUrl: 'https://as.example/t',
  };

  test('flows get the addresses that the handler knows; descriptions, extensions and other scopes stay', async () => {
    const [authorizationUrl, tokenUrl] = ['https://as.example/a', 'https://as.example/t'];
    expect(await schemeOf(OAUTH, saying(bearer(), NEW))).toEqual({
      type: 'oauth2',
      flows: {
        authorizationCode: { authorizationUrl, tokenUrl, refreshUrl: tokenUrl, scopes, 'x-c': 1 },
        clientCredentials: { tokenUrl, scopes },
        implicit: { authorizationUrl, scopes },
      },
    });
  });

  test('what no handler knows stays as it was declared', async () => {
    expect(await schemeOf(OAUTH, bearer())).toEqual(OAUTH);
  });

  test('the first handler that knows an address is believed, and the option endpoints before all', async () => {
    const other: SecurityScheme = {
      type: 'oauth2',
      tokenUrl: 'https://b.example/t',
      authorizationUrl: 'https://b.example/a',
    };
    const knowing: SecurityScheme = { type: 'oauth2', tokenUrl: 'https://c.example/t' };
    const proof = anyOf(
      saying(bearer(alice(), 'one', { selective: true }), knowing),
      saying(bearer(alice(), 'two'), other),
    );
    const flow = (scheme: unknown) => (scheme as typeof OAUTH).flows.authorizationCode;
    expect(flow(await schemeOf(OAUTH, proof))).toMatchObject({
      tokenUrl: 'https://c.example/t',
      authorizationUrl: 'https://b.example/a',
    });
    const endpoints = { s: { tokenUrl: 'https://d.example/t' } };
    expect(flow(await schemeOf(OAUTH, proof, { endpoints }))).toMatchObject({
      tokenUrl: 'https://d.example/t',
      authorizationUrl: 'https://b.example/a',
    });
  });

  test('every scope that an operation needs is listed', async () => {
    const scheme = (await schemeOf(OAUTH, bearer(), { security: [{ s: ['a', 'z'] }] })) as typeof OAUTH;
    expect(scheme.flows.implicit.scopes).toEqual({ z: '', ...scopes });
  });

  test('where metadata are stands in OpenAPI 3.2 (OpenAPI 3.2.0 4.27)', async () => {
    const told = saying(bearer(), { type: 'oauth2', oauth2MetadataUrl: 'https://as.example/m' });
    expect(await schemeOf(OAUTH, told, { openapi: '3.2.0' })).toEqual({
      ...OAUTH,
      oauth2MetadataUrl: 'https://as.example/m',
    });
    expect(await schemeOf(OAUTH, told)).toEqual(OAUTH);
  });

  test('a provider of OpenID Connect has the address that was discovered', async () => {
    const declared = { type: 'openIdConnect', openIdConnectUrl: `${OLD}/o` };
    const openIdConnectUrl = 'https://as.example/.well-known/openid-configuration';
    expect(await schemeOf(declared, saying(bearer(), { type: 'openIdConnect', openIdConnectUrl }))).toEqual({
      ...declared,
      openIdConnectUrl,
    });
    expect(await schemeOf(declared, bearer())).toEqual(declared);
  });

  test('the format of tokens is told where all have it', async () => {
    const jwt = saying(bearer(alice(), 'jwt', { selective: true }), {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
    });
    const declared = { type: 'http', scheme: 'Bearer' };
    expect(await schemeOf(declared, jwt)).toEqual({ ...declared, bearerFormat: 'JWT' });
    expect(await schemeOf(declared, anyOf(jwt, bearer(alice(), 'opaque')))).toEqual(declared);
  });

  test.each(['https://u:p@as.example', 'as.example', 5])('a handler that tells %p is refused', async (tokenUrl) => {
    const told = saying(bearer(), { type: 'oauth2', tokenUrl: tokenUrl as string });
    await expect(schemeOf(OAUTH, told)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_OPTION_INVALID' });
  });

  test('what Object.prototype has, no handler tells', async () => {
    Object.defineProperty(Object.prototype, 'securitySchemes', { value: [NEW], configurable: true });
    try {
      expect(await schemeOf(OAUTH, bearer())).toEqual(OAUTH);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'securitySchemes');
    }
  });
});

test('nothing of what handlers keep secret is served', async () => {
  const clientSecret = 'canary-of-the-client';
  const jwt = new JwtHandler({
    realm: 'r',
    issuers: [
      {
        issuer: 'https://as.example',
        audience: 'a',
        algorithms: 'HS256',
        keys: { secret: 'canary-of-keys'.repeat(3) },
      },
    ],
  });
  const opaque = new IntrospectionHandler({
    realm: 'r',
    endpoint: 'https://as.example/introspect',
    clientAuthentication: { method: 'client_secret_basic', clientId: 'c', clientSecret },
    audience: 'a',
  });
  const users = new InMemoryUserStore([]);
  const schemes = { oauth: anyOf(jwt, opaque), key: new BasicHandler({ realm: 'canary-of-realm', users }) };
  const document = await served(secured([{ oauth: ['a'] }, { key: [] }]), { schemes });
  expect(JSON.stringify(document)).not.toContain('canary');
  await Promise.all([jwt.close(), opaque.close()]);
});

test('the definition that was given is not changed, and what was made is not shared with it', async () => {
  const document = secured([{ key: [] }], { 'x-note': { a: 1 } });
  const before = structuredClone(document);
  const made = (await served(document)) as { 'x-note': { a: number } };
  made['x-note'].a = 2;
  expect(document).toEqual(before);
});

describe('compiled again with the same handlers, it is the same contract', () => {
  const scope = fc.constantFrom('a', 'b', 'c');
  const alternative = fc
    .record({ oauth: fc.uniqueArray(scope, { maxLength: 2 }), key: fc.constant<string[]>([]) }, { requiredKeys: [] })
    .map((object) => ({ ...object }));
  const security = fc.option(fc.array(alternative, { maxLength: 3 }), { nil: undefined });
  const servers = fc.option(
    fc.constantFrom(
      [{ url: 'https://one.example/v1' }],
      [{ url: '/v2/' }],
      [{ url: 'https://{h}/{v}', variables: { h: { default: 'x' }, v: { default: 'v3', enum: ['v3', 'v4'] } } }],
    ),
    { nil: undefined },
  );
  const method = fc.constantFrom('get', 'post', 'delete', 'head');
  const present = (members: object) =>
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  const item = fc.record({
    servers,
    operations: fc.dictionary(method, fc.record({ security, servers }), { minKeys: 1, maxKeys: 2 }),
  });
  const document = fc
    .record({ root: security, servers, items: fc.array(item, { minLength: 1, maxLength: 4 }) })
    .map(({ root, servers: at, items }) => {
      const paths = items.map(({ servers: ofItem, operations }, index) => {
        const objects = Object.entries(operations).map(([name, each]) => [name, operation(present(each))]);
        return [`/p${index}/{id}`, { ...present({ servers: ofItem }), ...Object.fromEntries(objects) }];
      });
      return definition(Object.fromEntries(paths), present({ security: root, servers: at }));
    });
  const options = fc.record({
    scopes: fc.constantFrom('all' as const, 'any' as const),
    basePath: fc.constantFrom(undefined, '/', '/base', ['/one/', '/two']),
    origins: fc.constantFrom([], ['https://real.example'], ['https://real.example', 'https://other.example']),
  });

  const SETS = [[], ['a'], ['b'], ['a', 'b'], ['a', 'b', 'c']];
  const SENT: readonly RequestParts[] = [
    {},
    { bearer: 't' },
    { headers: { 'x-key': 'k' } },
    { bearer: 't', headers: { 'x-key': 'k' } },
  ];

  /** What every operation answers to everybody. */
  async function behaviourOf(made: OpenApiDocument, given: Omit<ServedDefinitionOptions, 'schemes' | 'origins'>) {
    let scopes: readonly string[] = [];
    const oauth = Object.assign(bearer(), { verify: () => alice({ scopes }) });
    const operations = await openApi(made, { schemes: { oauth, key: apiKey() }, ...given });
    const chain = new SecurityChain({ operations });
    const answers: unknown[] = [];
    for (const { id, method: of, template } of operations.operations) {
      for (const granted of SETS) {
        scopes = granted;
        for (const parts of SENT) {
          const { status, challenges } = await ask(chain, `${of} ${template.replace('{id}', '1')}`, parts);
          answers.push([id, of, template, status, challenges]);
        }
      }
    }
    return answers;
  }

  test('paths, ids, refusals and challenges', async () => {
    const law = fc.asyncProperty(document, options, async (made, { origins, ...given }) => {
      const open = await withoutSecurity(made, given);
      const again = await served(made, { ...given, open, origins });
      expect(await behaviourOf(again, {})).toEqual(await behaviourOf(made, { ...given, open }));
    });
    await fc.assert(law, cases(30));
  }, 600_000);
});

/** The operations that have to be listed in `open`. */
async function withoutSecurity(made: OpenApiDocument, given: object): Promise<readonly string[]> {
  const open: string[] = [];
  for (;;) {
    try {
      await openApi(made, { schemes: handlers(), ...given, open });
      return open;
    } catch (error) {
      const told = (error as Error).message.matchAll(/operation (.+) declares no security/g);
      const ids = Array.from(told, ([, id = '']) => id);
      if (ids.length === 0) throw error;
      open.push(...ids);
    }
  }
}
