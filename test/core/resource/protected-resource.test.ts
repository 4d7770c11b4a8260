import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  challenged,
  denied,
  forbidden,
  type GuardLike,
  malformed,
  type Requirement,
  type ResourceOptions,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
} from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';
import { ask, buildRequest, type RequestParts } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler, type JwtHandlerOptions } from '@sallyport/handlers/jwt';
import { openApi } from '@sallyport/openapi';
import { alice, apiKey, bearer, dpop } from '../chain/scripted-handlers.js';
import { definition, operation } from '../openapi/contract-fixture.js';

const IDENTIFIER = 'https://api.example/orders';
const URL_OF_IT = 'https://api.example/.well-known/oauth-protected-resource/orders';
const TOKEN: RequestParts = { bearer: 'token' };

function of(
  requirement: Requirement,
  more: Partial<SecurityChainOptions> = {},
  resource: Partial<ResourceOptions> = {},
) {
  return new SecurityChain({ requirement, resource: { identifier: IDENTIFIER, ...resource }, ...more });
}

function metadataOf(...given: Parameters<typeof of>): Readonly<Record<string, unknown>> | undefined {
  return of(...given).resource?.metadata;
}

const told = (name: string, ...authorizationServers: readonly string[]) =>
  Object.assign(bearer(alice(), name, { selective: true }), { authorizationServers });

const SHARED_SECRET = [
  { issuer: 'https://as.example', audience: 'a', algorithms: 'HS256', keys: { secret: 's'.repeat(32) } },
] as const;

describe('the address of the metadata (RFC 9728 3.1)', () => {
  test.each([
    ['https://api.example', 'https://api.example/.well-known/oauth-protected-resource'],
    ['https://api.example/', 'https://api.example/.well-known/oauth-protected-resource'],
    ['https://api.example/a/b', 'https://api.example/.well-known/oauth-protected-resource/a/b'],
    ['https://api.example:8443/a/', 'https://api.example:8443/.well-known/oauth-protected-resource/a/'],
  ])('of %s is %s', async (identifier, url) => {
    const chain = of(bearer(), {}, { identifier });
    expect(chain.resource).toMatchObject({ identifier, metadataUrl: url, metadata: { resource: identifier } });
    expect((await ask(chain)).challenges).toEqual([`Bearer realm="api", resource_metadata="${url}"`]);
  });

  test.each([
    ['api.example', 'must be an https URL'],
    ['ftp://api.example', 'must be an https URL'],
    ['http://api.example', 'must have https URLs'],
    ['http://127.0.0.1:3000', 'must have https URLs'],
    ['https://api.example/#a', 'neither a query nor a fragment'],
    ['https://api.example/?a', 'neither a query nor a fragment'],
    ['https://u:p@api.example/', 'nor credentials'],
    ['https://API.example/a', 'in the spelling'],
    ['https://api.example:443', 'in the spelling'],
    ['https://api.example/a/../b', 'in the spelling'],
  ])('an identifier %s is refused (RFC 9728 1.2)', (identifier, message) => {
    expect(() => of(bearer(), {}, { identifier })).toThrow(message);
  });

  test('http is for loopback hosts, by an option', () => {
    const identifier = 'http://127.0.0.1:3000/mcp';
    expect(of(bearer(), {}, { identifier, allowInsecureLoopback: true }).resource?.metadataUrl).toBe(
      'http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp',
    );
    expect(() => of(bearer(), {}, { identifier: 'http://api.example', allowInsecureLoopback: true })).toThrow('https');
  });
});

describe('challenges name the metadata of the resource (RFC 9728 5.1)', () => {
  type Row = readonly [string, Requirement, readonly GuardLike[], RequestParts, number];
  const rows: readonly Row[] = [
    ['nothing was sent', bearer(), [], {}, 401],
    ['the token is refused', bearer(denied('no')), [], TOKEN, 401],
    ['no handler takes the token', bearer(), [], { bearer: 'foreign' }, 401],
    ['the token is malformed', bearer(malformed('odd')), [], TOKEN, 400],
    ['a scope is missing', bearer(), [requireScopes('a')], TOKEN, 403],
    ['another login is needed', bearer(challenged({ error: 'insufficient_user_authentication' })), [], TOKEN, 401],
    ['another login is needed by a guard', bearer(), [() => challenged({ error: 'use_mfa' })], TOKEN, 401],
    ['the scheme is DPoP', dpop(), [], {}, 401],
  ];
  test.each(rows)('%s', async (_, requirement, guards, parts, status) => {
    const answer = await ask(of(requirement, { guards }), '/', parts);
    expect(answer.status).toBe(status);
    expect(answer.challenges).toEqual([expect.stringContaining(`resource_metadata="${URL_OF_IT}"`)]);
  });

  test('each token scheme of an operation its own, and no other scheme any', async () => {
    const { challenges } = await ask(
      of(anyOf(bearer(), dpop(), apiKey()), { guards: [requireScopes('a b'.split(' '))] }),
    );
    expect(challenges).toEqual([
      `Bearer realm="api", scope="a b", resource_metadata="${URL_OF_IT}"`,
      `DPoP algs="ES256", scope="a b", resource_metadata="${URL_OF_IT}"`,
      expect.not.stringContaining('resource_metadata'),
    ]);
  });

  test('what a handler says of itself stays', async () => {
    const own = challenge('Bearer', { realm: 'r', scope: 'own', resource_metadata: 'https://other.example/m' });
    const handler: SecurityHandler = {
      ...bearer(),
      name: 'own',
      challenges: [own],
      extract: () => undefined,
      verify: () => alice(),
    };
    const { challenges } = await ask(of(handler, { guards: [requireScopes('a')] }));
    expect(challenges).toEqual(['Bearer realm="r", scope="own", resource_metadata="https://other.example/m"']);
  });

  test('a 403 for another reason than scopes has no challenge', async () => {
    const answer = await ask(of(bearer(), { guards: [() => forbidden('no')] }), '/', TOKEN);
    expect(answer).toMatchObject({ status: 403, challenges: [] });
  });

  test('also at a route with a requirement of its own', async () => {
    const decision = await of(anonymous()).requiring(bearer()).decide(buildRequest('/'));
    expect(decision).toMatchObject({ status: 401 });
    expect(JSON.stringify(decision)).toContain('resource_metadata');
  });

  test('no resource, no address', async () => {
    const chain = new SecurityChain({ requirement: bearer() });
    expect((await ask(chain)).challenges).toEqual(['Bearer realm="api"']);
    expect(chain.published('GET', '/.well-known/oauth-protected-resource')).toBeUndefined();
  });
});

describe('the metadata say what is enforced (RFC 9728 2)', () => {
  test('scopes are those of the contract and of guards, without offline_access', async () => {
    const document = definition({
      '/a': { get: operation({ security: [{ oauth: ['a', 'offline_access'] }] }) },
      '/b': {
        get: operation({ security: [{ oauth: ['a', 'b'] }, { key: [] }] }),
        put: operation({ security: [{ oauth: ['c'] }, { oauth: ['d'] }] }),
      },
    });
    const operations = await openApi(document, { schemes: { oauth: bearer(), key: apiKey() } });
    const chain = new SecurityChain({
      operations,
      guards: [requireScopes(['g', 'h'], { match: 'any' })],
      resource: { identifier: IDENTIFIER },
    });
    expect(chain.resource?.metadata).toEqual({
      resource: IDENTIFIER,
      scopes_supported: ['a', 'g', 'h', 'b', 'c', 'd'],
      bearer_methods_supported: ['header'],
    });
  });

  test('scopes are also those of the guards of routes()', () => {
    const operations = routes([route('GET', '/a', { guards: [requireScopes('a')] })]);
    expect(metadataOf(bearer(), { operations })).toMatchObject({ scopes_supported: ['a'] });
  });

  test('authorization servers are the issuers that handlers tell, each once, and URLs over https only', () => {
    const servers = told('one', 'https://as.example', 'http://as.example', 'legacy', 'http://127.0.0.1:9');
    const requirement = anyOf(servers, told('two', 'https://as.example', 'https://b.example'));
    expect(metadataOf(requirement)?.['authorization_servers']).toEqual(['https://as.example', 'https://b.example']);
    const more = metadataOf(requirement, {}, { allowInsecureLoopback: true });
    expect(more?.['authorization_servers']).toContain('http://127.0.0.1:9');
  });

  test('authorization servers that are no texts are refused at the start', () => {
    expect(() => of(told('one', 5 as never))).toThrow('the authorizationServers of a handler[0]');
  });

  test('the handlers of tokens tell their issuers', () => {
    const jwt = new JwtHandler({
      realm: 'r',
      issuers: [
        { issuer: 'https://jwt.example', audience: 'a', algorithms: 'HS256', keys: { secret: 'x'.repeat(40) } },
      ],
    });
    const introspection = new IntrospectionHandler({
      realm: 'r',
      endpoint: 'https://as.example/i',
      issuer: 'https://opaque.example',
      fallback: true,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'c', clientSecret: 's' },
    });
    const { authorization_servers: servers } = metadataOf(anyOf(jwt, introspection)) ?? {};
    expect(servers).toEqual(['https://jwt.example', 'https://opaque.example']);
  });

  test('methods are those by which tokens are taken (RFC 6750 2)', () => {
    const at = (place: string) => ({
      ...bearer(),
      name: place,
      source: place,
      extract: () => undefined,
      verify: () => alice(),
    });
    expect(metadataOf(at('query:access_token'))).toMatchObject({ bearer_methods_supported: ['query'] });
    expect(metadataOf(at('header:x-token'))).toMatchObject({ bearer_methods_supported: [] });
    expect(metadataOf(allOf(bearer(), dpop()))).toMatchObject({ bearer_methods_supported: ['header'] });
    expect(metadataOf(apiKey())).not.toHaveProperty('bearer_methods_supported');
  });

  test('tokens that have to be bound to certificates are told (RFC 9728 2; RFC 8705 3.3)', () => {
    const told = (handler: object) => metadataOf(Object.assign(bearer(), handler));
    expect(told({ boundTo: ['x5t#S256'] })).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    for (const handler of [{}, { boundTo: [] }, { boundTo: ['jkt'] }])
      expect(told(handler)).not.toHaveProperty('tls_client_certificate_bound_access_tokens');
    const members = { tls_client_certificate_bound_access_tokens: true };
    expect(metadataOf(bearer(), {}, { members })).toMatchObject(members);
    const tokens = new JwtHandler({ realm: 'a', issuers: SHARED_SECRET, confirmation: { required: 'x5t#S256' } });
    expect(metadataOf(tokens)).toMatchObject(members);
    const opaque = new IntrospectionHandler({
      realm: 'a',
      endpoint: 'https://as.example/introspect',
      clientAuthentication: { method: 'client_secret_basic', clientId: 'a', clientSecret: 'b' },
      confirmation: { required: ['x5t#S256'] },
    });
    expect(metadataOf(opaque)).toMatchObject(members);
  });

  test('DPoP is told by its challenges: the algorithms of proofs, and whether there is no other way in', () => {
    const taking = (...schemes: readonly string[]) => ({
      ...bearer(),
      extract: () => undefined,
      verify: () => alice(),
      challenges: schemes.map((scheme) =>
        challenge(scheme, { realm: 'api', ...(scheme === 'DPoP' && { algs: 'ES256 PS256' }) }),
      ),
    });
    expect(metadataOf(taking('Bearer'))).not.toHaveProperty('dpop_signing_alg_values_supported');
    const both = metadataOf(taking('Bearer', 'DPoP'));
    expect(both).toMatchObject({ dpop_signing_alg_values_supported: ['ES256', 'PS256'] });
    expect(both).not.toHaveProperty('dpop_bound_access_tokens_required');
    expect(metadataOf(taking('DPoP'))).toMatchObject({ dpop_bound_access_tokens_required: true });
    const members = { dpop_signing_alg_values_supported: ['ES256'] };
    expect(metadataOf(taking('DPoP'), {}, { members })).toMatchObject(members);
  });

  test('handlers of tokens tell of DPoP what they enforce (RFC 9728 2; RFC 9449 5.1)', () => {
    const told = (options: Partial<JwtHandlerOptions>) =>
      metadataOf(new JwtHandler({ realm: 'a', issuers: SHARED_SECRET, ...options }));
    const dpop = { externalUrl: 'https://api.example', algorithms: ['ES256', 'EdDSA'] } as const;
    const algorithms = { dpop_signing_alg_values_supported: ['ES256', 'EdDSA'] };
    expect(told({})).not.toHaveProperty('dpop_signing_alg_values_supported');
    expect(told({ dpop })).toMatchObject(algorithms);
    expect(told({ dpop })).not.toHaveProperty('dpop_bound_access_tokens_required');
    const required = told({ dpop, confirmation: { required: ['jkt', 'x5t#S256'] } });
    expect(required).toMatchObject({
      ...algorithms,
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: true,
    });
  });

  test('options say the rest, and may say scopes and servers', () => {
    const resource = {
      authorizationServers: ['https://as.example/tenant'],
      scopes: ['x'],
      name: 'Orders',
      documentation: 'https://docs.example/',
      policy: 'https://docs.example/policy',
      termsOfService: 'https://docs.example/terms',
      members: { dpop_bound_access_tokens_required: true, 'resource_name#de': 'Bestellungen' },
    };
    expect(metadataOf(told('one', 'https://b.example'), { guards: [requireScopes('a')] }, resource)).toEqual({
      resource: IDENTIFIER,
      authorization_servers: ['https://as.example/tenant'],
      scopes_supported: ['x'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
      resource_documentation: 'https://docs.example/',
      resource_policy_uri: 'https://docs.example/policy',
      resource_tos_uri: 'https://docs.example/terms',
      dpop_bound_access_tokens_required: true,
      'resource_name#de': 'Bestellungen',
    });
  });

  test('other members cannot replace those of the chain', () => {
    const members = { resource: 'https://evil.example' };
    expect(() => of(bearer(), {}, { members })).toThrow('must leave resource to the other options');
  });

  test('a route that adds a handler adds its authorization server', () => {
    const chain = of(anonymous());
    expect(chain.resource?.metadata).toEqual({ resource: IDENTIFIER });
    chain.requiring(told('late', 'https://late.example'));
    expect(chain.resource?.metadata).toMatchObject({ authorization_servers: ['https://late.example'] });
    expect(chain.published('GET', '/.well-known/oauth-protected-resource')?.body).toContain('https://late.example');
  });
});

describe('a guard that a route adds', () => {
  const added = requireScopes(['c', 'd']);
  const request = buildRequest('GET /a');
  const chainWith = () => of(bearer(), { guards: [requireScopes('a')] });
  const challengeOf = async (chain: SecurityChain, parts: RequestParts) => {
    const asked = buildRequest('GET /a', parts);
    const decision = await chain.decide(asked, undefined, added);
    const refused = decision.kind === 'granted' ? await chain.authorize(decision, added, asked) : decision;
    return refused.headers.find(([name]) => name === 'WWW-Authenticate')?.[1];
  };

  test('has its scopes in the 401 and the 403, beside those that all requests need (RFC 6750 3)', async () => {
    const all = 'scope="a c d"';
    expect(await challengeOf(chainWith(), {})).toContain(all);
    expect(await challengeOf(chainWith(), TOKEN)).toContain(all);
    const allowed = of(bearer(alice({ scopes: ['a'] })), { guards: [requireScopes('a')] });
    expect(await challengeOf(allowed, TOKEN)).toContain(all);
    expect(await challengeOf(of(apiKey()), {})).not.toContain('scope');
  });

  test('changes nothing for requests of other routes', async () => {
    const chain = chainWith();
    await challengeOf(chain, {});
    const { headers } = await chain.decide(request);
    expect(headers.find(([name]) => name === 'WWW-Authenticate')?.[1]).toContain('scope="a"');
  });

  test('has its scopes in the metadata, as soon as the route is there', () => {
    const chain = chainWith();
    expect(chain.resource?.metadata).toMatchObject({ scopes_supported: ['a'] });
    chain.expect(added);
    expect(chain.resource?.metadata).toMatchObject({ scopes_supported: ['a', 'c', 'd'] });
  });

  test('does not make the metadata ever longer, where guards are made by the request', () => {
    const chain = chainWith();
    for (let index = 0; index < 2_000; index += 1) chain.expect(requireScopes(`s${index}`));
    expect(chain.resource?.metadata['scopes_supported']).toHaveLength(1_000);
  });
});

describe('the metadata are published (RFC 9728 3)', () => {
  const chain = of(bearer());
  const { pathname } = new URL(URL_OF_IT);

  test.each([
    ['GET', pathname],
    ['HEAD', pathname],
    ['OPTIONS', pathname],
    ['GET', `${pathname}?a=b`],
    ['GET', '/.well-known/oauth-protected-resource'],
  ])('%s %s gets them, as pages of any origin may', (method, target) => {
    const answer = chain.published(method, target);
    expect(answer).toMatchObject({ status: 200, body: JSON.stringify(chain.resource?.metadata) });
    expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
      'Cache-Control': 'public, max-age=3600',
      'Content-Type': 'application/json',
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Headers': '*',
    });
  });

  test.each(['POST', 'PUT', 'DELETE', 'get'])('%s gets 405 (RFC 9110 15.5.6)', (method) => {
    const answer = chain.published(method, pathname);
    expect(answer?.status).toBe(405);
    expect(answer?.headers).toContainEqual(['Allow', 'GET, HEAD, OPTIONS']);
  });

  test.each([
    '/',
    '/orders',
    `${pathname}/`,
    '/.well-known/oauth-protected-resource/other',
    '/.well-known/oauth-protected-resourceful',
    '/.well-known/oauth-protected%2Dresource',
    '/x/.well-known/oauth-protected-resource',
    `https://api.example${pathname}`,
  ])('%s is decided as ever', (target) => {
    expect(chain.published('GET', target)).toBeUndefined();
  });
});
