import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SecurityHandler } from '@sallyport/core';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { newKey } from './jwt/signing.js';

type Described = Pick<SecurityHandler, 'securitySchemes' | 'start' | 'close'>;

const EC = newKey('ES256', 'key-1');
const outbound = { allowInsecureLoopback: true };
const AT_RFC_8414 = '/.well-known/oauth-authorization-server';
const AT_OPENID = '/.well-known/openid-configuration';

let server: Server;
let issuer: string;
let published: Readonly<Record<string, unknown>>;
/** The only place that answers. */
let place: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const pages: Record<string, object> = {
      [place]: { issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect`, ...published },
      '/jwks': { keys: [EC.jwk] },
    };
    const page = pages[String(request.url)];
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function jwt(trusted: Partial<TrustedIssuer> = {}, more: object = {}): Described {
  const keys = { discovery: true, outbound } as const;
  return new JwtHandler({
    realm: 'r',
    issuers: [{ issuer, audience: 'a', algorithms: 'ES256', keys, ...trusted }],
    ...more,
  });
}

function opaque(more: object = {}): Described {
  return new IntrospectionHandler({
    realm: 'r',
    issuer,
    audience: 'a',
    clientAuthentication: { method: 'client_secret_basic', clientId: 'c', clientSecret: 's' },
    outbound,
    ...more,
  });
}

/** What the handler tells after it has started. */
async function toldBy(handler: Described): Promise<unknown> {
  await handler.start?.();
  const told = handler.securitySchemes;
  await handler.close?.();
  return told;
}

const JWT = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
const BEARER = { type: 'http', scheme: 'bearer' };

describe.each<[string, (more?: object) => Described, object]>([
  ['JwtHandler', (more) => jwt({}, more), JWT],
  ['IntrospectionHandler', opaque, BEARER],
])('%s describes its tokens for OpenAPI', (_, make, bearer) => {
  test('before it has started, it knows no addresses', async () => {
    const handler = make();
    expect(handler.securitySchemes).toEqual([bearer, { type: 'oauth2' }]);
    await handler.close?.();
  });

  test('the metadata of an authorization server tell its endpoints and where they are (RFC 8414 2, RFC 8628 4)', async () => {
    place = AT_RFC_8414;
    published = {
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      device_authorization_endpoint: `${issuer}/device`,
    };
    const oauth2 = {
      type: 'oauth2',
      authorizationUrl: `${issuer}/authorize`,
      tokenUrl: `${issuer}/token`,
      deviceAuthorizationUrl: `${issuer}/device`,
      oauth2MetadataUrl: issuer + AT_RFC_8414,
    };
    expect(await toldBy(make())).toEqual([bearer, oauth2]);
  });

  test('a provider of OpenID Connect has metadata at its own place, too (OpenID Connect Discovery 3, 4)', async () => {
    const openId = { type: 'openIdConnect', openIdConnectUrl: issuer + AT_OPENID };
    published = { token_endpoint: `${issuer}/token` };
    place = AT_OPENID;
    expect(await toldBy(make())).toEqual([bearer, { type: 'oauth2', tokenUrl: `${issuer}/token` }, openId]);
    published = { subject_types_supported: ['public'] };
    place = AT_RFC_8414;
    expect(await toldBy(make())).toEqual([bearer, { type: 'oauth2', oauth2MetadataUrl: issuer + AT_RFC_8414 }, openId]);
  });

  test('an address that nobody should be sent to is left out', async () => {
    place = AT_RFC_8414;
    published = {
      authorization_endpoint: 'http://as.example/a',
      token_endpoint: 'https://u:p@as.example',
      device_authorization_endpoint: 5,
    };
    expect(await toldBy(make())).toEqual([bearer, { type: 'oauth2', oauth2MetadataUrl: issuer + AT_RFC_8414 }]);
  });

  test('a token in another place than Authorization is no bearer token', async () => {
    const handler = make({ source: 'header:x-jwt-assertion' });
    expect(handler.securitySchemes).toEqual([{ type: 'oauth2' }]);
    await handler.close?.();
  });
});

test('metadata at a configured place are not told to others: it may be inside a network', async () => {
  place = '/inside';
  published = { token_endpoint: 'https://login.example/token' };
  const told = [{ type: 'oauth2', tokenUrl: 'https://login.example/token' }];
  const metadataUrl = `${issuer}/inside`;
  expect(await toldBy(jwt({ keys: { discovery: true, metadataUrl, outbound } }))).toEqual([JWT, ...told]);
  expect(await toldBy(opaque({ metadataUrl }))).toEqual([BEARER, ...told]);
});

test('an issuer that is no URL may have its metadata at a configured place', async () => {
  place = '/inside';
  published = { issuer: 'a name', token_endpoint: 'https://login.example/token', subject_types_supported: ['public'] };
  const keys = { discovery: true, metadataUrl: `${issuer}/inside`, outbound } as const;
  expect(await toldBy(jwt({ issuer: 'a name', keys }))).toEqual([
    JWT,
    { type: 'oauth2', tokenUrl: 'https://login.example/token' },
  ]);
});

test('keys that need no metadata tell nothing of the server', async () => {
  const handler = jwt({ keys: { jwks: { keys: [EC.jwk] } } });
  expect(await toldBy(handler)).toEqual([JWT, { type: 'oauth2' }]);
});
