import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CountingProxy } from '../support/counting-proxy.js';
import { basic, bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

const PAYLOAD = {
  callbackUrl: 'www.google.lk',
  clientName: 'rest_api_gateway',
  owner: 'admin',
  grantType: 'password refresh_token',
  saasApp: true,
};
const READING = ['/api-artifact', '/local-entry', '/sequence', '/end-points'];
const DEPLOYING = ['/redeploy-api', '/undeploy-api'];

let proxy: CountingProxy;
let gateway: GatewayProcess;
let client: Client;

beforeAll(async () => {
  proxy = await CountingProxy.start();
  gateway = await GatewayProcess.start([
    '--introspection-endpoint',
    proxy.endpoint,
    '--introspection-ca',
    proxy.certificateFile,
  ]);
  proxy.target = gateway.origin;
  client = (await gateway.register(PAYLOAD)).json as unknown as Client;
});

afterAll(async () => {
  await gateway.stop();
  await proxy.close();
});

async function accessToken(scope: string, user = 'admin'): Promise<string> {
  const answer = await gateway.token(client, { grant_type: 'password', username: user, password: user, scope });
  return answer.json['access_token'] as string;
}

describe('dynamic client registration v0.17', () => {
  test('the documented payload is answered with the documented members (checklist 1, 2)', async () => {
    const { status, json } = await gateway.register(PAYLOAD);
    expect(status).toBe(200);
    expect(json).toEqual({
      clientId: expect.stringMatching(/.{20,}/),
      clientName: 'rest_api_gateway',
      callBackURL: 'www.google.lk',
      clientSecret: expect.stringMatching(/.{20,}/),
      isSaasApplication: true,
      appOwner: 'admin',
      jsonString: expect.any(String),
      jsonAppAttribute: '{}',
      applicationUUID: expect.any(String),
      tokenType: null,
    });
    expect(JSON.parse(json['jsonString'] as string)).toEqual({
      username: 'admin',
      redirect_uris: 'www.google.lk',
      client_name: 'rest_api_gateway',
      grant_types: 'password refresh_token',
    });
  });

  test('repeating the call gives the same key and secret (checklist 3)', async () => {
    expect((await gateway.register(PAYLOAD)).json).toMatchObject(client);
  });

  test('requests at the same time get one client and one answer, and nobody else a part of it (checklist 3, 4)', async () => {
    const payload = { ...PAYLOAD, clientName: 'at_once', owner: 'creator' };
    const theirs = Array.from({ length: 6 }, () => gateway.register(payload, 'creator'));
    const others = Array.from({ length: 6 }, () => gateway.register({ ...payload, owner: 'publisher' }, 'publisher'));
    const answers = await Promise.all(theirs);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const [first] = answers;
    expect(first?.status).toBe(200);
    expect((await gateway.token(first?.json as Client, { grant_type: 'magic' })).json['error']).toBe(
      'unsupported_grant_type',
    );
    for (const { status, text } of await Promise.all(others)) {
      expect(status).toBe(403);
      expect(text).not.toContain(first?.json['clientId']);
    }
  });

  test('a name that belongs to somebody else is refused without its secret (checklist 4)', async () => {
    const answer = await gateway.register({ ...PAYLOAD, owner: 'publisher' }, 'publisher');
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain(client.clientSecret);
  });

  test('an owner other than the caller is refused, unless an administrator says so (checklist 5)', async () => {
    const payload = { ...PAYLOAD, clientName: 'for_creator', owner: 'creator' };
    expect((await gateway.register(payload, 'publisher')).status).toBe(400);
    expect((await gateway.register(payload, 'admin')).status).toBe(200);
  });

  test('a wrong password is 401 with a Basic challenge (checklist 5, RFC 7617 2)', async () => {
    const answer = await gateway.register(PAYLOAD, 'admin', 'wrong');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Gateway API", charset="UTF-8"');
  });

  test('no credentials at all are 401, too (RFC 9110 15.5.2)', async () => {
    const answer = await gateway.call(`${gateway.origin}/client-registration/v0.17/register`, { body: PAYLOAD });
    expect(answer.status).toBe(401);
  });

  test('without a callback URL the redirecting grants drop out (checklist 6)', async () => {
    const { json } = await gateway.register({
      ...PAYLOAD,
      clientName: 'no_callback',
      callbackUrl: '',
      grantType: 'password authorization_code implicit',
    });
    expect(JSON.parse(json['jsonString'] as string).grant_types).toBe('password');
  });

  test.each([
    'www.google.lk',
    'http://example.org/cb',
    'http://localhost.example.org/cb',
    'https://example.org/cb#x',
    'https://example.org/#',
    'https:example.org/cb',
    'https://admin@example.org/cb',
    'https://localhost\\@example.org/cb',
    'https://example.org/ cb',
    'https://example.org/\r\nSet-Cookie: a=b',
    'javascript:alert(1)',
  ])('authorization_code with the callback URL %j is 400', async (callbackUrl) => {
    const grantType = 'authorization_code';
    const answer = await gateway.register({ ...PAYLOAD, clientName: callbackUrl, callbackUrl, grantType });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 400, message: 'Bad Request', error: [] });
  });

  test.each([
    ['no JSON', '{"clientName":'],
    ['an array', '[]'],
    ['no name', JSON.stringify({ ...PAYLOAD, clientName: undefined })],
    ['no owner', JSON.stringify({ ...PAYLOAD, owner: '' })],
    ['an unknown grant', JSON.stringify({ ...PAYLOAD, clientName: 'x', grantType: 'magic' })],
    ['a flag that is no flag', JSON.stringify({ ...PAYLOAD, clientName: 'x', saasApp: 'yes' })],
  ])('%s is 400 with the error body', async (_what, body) => {
    const answer = await gateway.register(body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json)).toEqual(['code', 'message', 'description', 'moreInfo', 'error']);
  });

  test('a body beyond 64 KiB is refused', async () => {
    expect((await gateway.register({ ...PAYLOAD, clientName: 'x'.repeat(70_000) })).status).toBe(413);
  });
});

describe('the token endpoint', () => {
  test('the password grant has exactly the five documented members (checklist 7, 8)', async () => {
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    const { status, headers, json } = await gateway.token(client, form);
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      scope: 'apim:tier_view',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['pragma']).toBe('no-cache');
  });

  test.each([
    ['a wrong password', { grant_type: 'password', username: 'admin', password: 'wrong' }, 'invalid_grant'],
    ['an unknown user', { grant_type: 'password', username: 'nobody', password: 'wrong' }, 'invalid_grant'],
    ['no password', { grant_type: 'password', username: 'admin' }, 'invalid_request'],
    ['an unknown grant', { grant_type: 'magic' }, 'unsupported_grant_type'],
    ['a grant that was not registered', { grant_type: 'client_credentials' }, 'unauthorized_client'],
    [
      'an unknown resource',
      { grant_type: 'password', username: 'admin', password: 'admin', resource: 'urn:x' },
      'invalid_target',
    ],
    ['no grant', { scope: 'x' }, 'invalid_request'],
  ])('%s is 400 (checklist 9, RFC 6749 5.2)', async (_what, form, error) => {
    const answer = await gateway.token(client, form as unknown as Record<string, string>);
    expect([answer.status, answer.json['error']]).toEqual([400, error]);
  });

  test.each([
    ['a parameter that is sent twice', 'grant_type=password&username=admin&username=creator&password=admin'],
    ['a client that proves itself in two ways', () => `grant_type=password&client_secret=${client.clientSecret}`],
  ])('%s is 400 invalid_request (checklist 9, RFC 6749 3.2, 2.3)', async (_what, form) => {
    const answer = await gateway.call(`${gateway.tokenOrigin}/token`, {
      method: 'POST',
      headers: {
        authorization: basic(client.clientId, client.clientSecret),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: typeof form === 'string' ? form : form(),
    });
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request']);
  });

  test('a wrong client secret is 401 invalid_client with a Basic challenge (checklist 9, RFC 6749 5.2)', async () => {
    const answer = await gateway.token({ ...client, clientSecret: 'wrong' }, { grant_type: 'password' });
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
  });

  test.each([
    ['apim:tier_view apim:unknown', 'admin', 'apim:tier_view'],
    ['apim:api_publish apim:tier_view', 'creator', 'apim:tier_view'],
    ['apim:admin', 'subscriber', 'default'],
    ['', 'admin', 'default'],
  ])('scope %j for %s becomes %j (checklist 10)', async (scope, user, granted) => {
    const answer = await gateway.token(client, { grant_type: 'password', username: user, password: user, scope });
    expect(answer.json['scope']).toBe(granted);
  });

  test('a refresh renews both tokens and ends the old ones (checklist 11)', async () => {
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    const first = (await gateway.token(client, form)).json as Record<string, string>;
    const refresh = { grant_type: 'refresh_token', refresh_token: first['refresh_token'] as string };
    const wider = await gateway.token(client, { ...refresh, scope: 'apim:tier_view apim:admin' });
    expect([wider.status, wider.json['error']]).toEqual([400, 'invalid_scope']);
    const second = (await gateway.token(client, refresh)).json as Record<string, string>;
    expect(second['access_token']).not.toBe(first['access_token']);
    expect(second['refresh_token']).not.toBe(first['refresh_token']);
    expect((await gateway.api('/end-points', bearer(first['access_token'] as string))).status).toBe(401);
    expect((await gateway.api('/end-points', bearer(second['access_token'] as string))).status).toBe(200);
    const again = await gateway.token(client, refresh);
    expect([again.status, again.json['error']]).toEqual([400, 'invalid_grant']);
  });

  test('revocation is 200 and empty, for a known and an unknown token (checklist 12, RFC 7009 2.2)', async () => {
    const token = await accessToken('apim:tier_view');
    expect((await gateway.api('/end-points', bearer(token))).status).toBe(200);
    for (const revoked of [token, 'never-issued']) {
      const answer = await gateway.revoke(client, revoked);
      expect([answer.status, answer.text]).toEqual([200, '']);
    }
    const refused = await gateway.api('/end-points', bearer(token));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']?.[0]).toContain('error="invalid_token"');
    const introspection = await gateway.call(`${gateway.origin}/oauth2/introspect`, {
      form: { token },
      headers: { authorization: basic(client.clientId, client.clientSecret) },
    });
    expect([introspection.status, introspection.json]).toEqual([200, { active: false }]);
  });

  test('revoking the refresh token ends the access token, too (RFC 7009 2.1)', async () => {
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    const { json } = await gateway.token(client, form);
    expect((await gateway.api('/end-points', bearer(json['access_token'] as string))).status).toBe(200);
    await gateway.revoke(client, json['refresh_token'] as string);
    expect((await gateway.api('/end-points', bearer(json['access_token'] as string))).status).toBe(401);
  });

  test.each([
    ['GET', '/token', 405],
    ['POST', '/elsewhere', 404],
  ] as const)('%s %s is %i', async (method, path, status) => {
    expect((await gateway.call(gateway.tokenOrigin + path, { method })).status).toBe(status);
  });

  test('the metadata names issuer and endpoints (RFC 8414 3)', async () => {
    const { json } = await gateway.call(`${gateway.origin}/.well-known/oauth-authorization-server/oauth2`);
    const issuer = `${gateway.origin}/oauth2`;
    expect(json).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
    });
  });
});

describe('the definition', () => {
  test('is served as JSON to everybody (checklist 13)', async () => {
    const { status, headers, json } = await gateway.api('/swagger.json', {}, '');
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json['openapi']).toMatch(/^3\.1\./);
  });

  test('has six operations besides itself, and each of its paths is mounted (checklist 14)', async () => {
    const { json } = await gateway.api('/swagger.json', {}, '');
    const operations = Object.entries<object>(json['paths']).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    const six = [...READING.map((path) => `get ${path}`), ...DEPLOYING.map((path) => `post ${path}`)];
    expect(operations.toSorted()).toEqual([...six, 'get /swagger.json', 'get /swagger.yaml'].toSorted());
    const token = bearer(await accessToken('apim:api_publish'));
    for (const path of [...READING, ...DEPLOYING]) expect((await gateway.api(path, token)).status).toBe(200);
  });

  test('is served as YAML, with the same content (checklist 13)', async () => {
    const { status, headers, text } = await gateway.api('/swagger.yaml', {}, '');
    expect([status, headers['content-type']]).toEqual([200, 'text/yaml; charset=utf-8']);
    expect(text).toMatch(/^openapi: 3\.1\./);
    expect(parse(text)).toEqual((await gateway.api('/swagger.json', {}, '')).json);
  });

  test('a path that it does not know is refused, with and without a token (checklist 16)', async () => {
    const token = await accessToken('apim:api_publish');
    expect((await gateway.api('/elsewhere')).status).toBe(404);
    expect((await gateway.api('/elsewhere', bearer(token))).status).toBe(404);
  });
});

describe('the six operations', () => {
  test.each(READING)('GET %s takes apim:tier_view or apim:api_publish (checklist 17)', async (path) => {
    for (const scope of ['apim:tier_view', 'apim:api_publish']) {
      expect((await gateway.api(path, bearer(await accessToken(scope)))).status).toBe(200);
    }
  });

  test.each(DEPLOYING)('POST %s needs apim:api_publish (checklist 23, RFC 6750 3.1)', async (path) => {
    expect((await gateway.api(path, bearer(await accessToken('apim:api_publish')))).status).toBe(200);
    const refused = await gateway.api(path, bearer(await accessToken('apim:tier_view')));
    expect(refused.status).toBe(403);
    expect(refused.headers['www-authenticate']).toMatch(
      /^Bearer realm="Gateway API", error="insufficient_scope", .*scope="apim:api_publish", resource_metadata="[^"]+"$/,
    );
  });

  test('deploying and undeploying change what is deployed', async () => {
    const token = bearer(await accessToken('apim:api_publish'));
    await gateway.api('/undeploy-api', token);
    const before = (await gateway.api('/end-points', token)).json as Record<string, string[]>;
    expect(before['deployedEndpoints']).toEqual([]);
    expect((await gateway.api('/redeploy-api', token)).json).toMatchObject({ deployStatus: 'DEPLOYED' });
    const after = (await gateway.api('/end-points', token)).json as Record<string, string[]>;
    expect(after['deployedEndpoints']).toEqual(before['UnDeployedEndpoints']);
    expect(after['UnDeployedEndpoints']).toEqual([]);
  });

  test.each([...READING, ...DEPLOYING])(
    '%s without credentials is 401 and a challenge without a code (checklist 23, 24, RFC 6750 3.1)',
    async (path) => {
      const answer = await gateway.api(path);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toEqual([
        expect.stringMatching(/^Bearer realm="Gateway API", scope="apim:[a-z_]+", resource_metadata="[^"]+"$/),
        expect.stringMatching(
          /^DPoP realm="Gateway API", algs="ES256 [^"]+", scope="apim:[a-z_]+", resource_metadata="[^"]+"$/,
        ),
        expect.stringMatching(/^ApiKey realm="Gateway API"/),
        'ClientCertificate realm="Gateway API"',
      ]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(Object.keys(answer.json)).toEqual(['code', 'message', 'description', 'moreInfo', 'error']);
    },
  );

  test('a client without a token finds the authorization server from the challenge (RFC 9728 5)', async () => {
    const challenge = String((await gateway.api('/end-points')).headers['www-authenticate']);
    const [, metadata = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
    const { json: resource } = await gateway.call(metadata);
    expect(resource).toEqual({
      resource: `${gateway.origin}/api/am/gateway/v1`,
      authorization_servers: [expect.stringContaining(gateway.origin)],
      scopes_supported: ['apim:api_publish', 'apim:tier_view'],
      bearer_methods_supported: ['header'],
      tls_client_certificate_bound_access_tokens: true,
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
      resource_name: 'Gateway API',
    });
    const issuer = (resource['authorization_servers'] as string[])[0] as string;
    const { origin, pathname } = new URL(issuer);
    const { json: server } = await gateway.call(`${origin}/.well-known/oauth-authorization-server${pathname}`);
    expect(server).toMatchObject({ issuer, token_endpoint: expect.any(String) });
  });

  test.each([...READING, ...DEPLOYING])(
    '%s with a bad token is 401 invalid_token (checklist 21, 23, RFC 6750 3.1)',
    async (path) => {
      const answer = await gateway.api(path, bearer('never-issued'));
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']?.[0]).toMatch(/^Bearer realm="Gateway API", error="invalid_token"/);
    },
  );

  test('a refresh token is no access token (RFC 7662 4)', async () => {
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    const { json } = await gateway.token(client, form);
    expect((await gateway.api('/end-points', bearer(json['refresh_token'] as string))).status).toBe(401);
  });

  test.each([
    ['no name', 'version=1.0.0', 400],
    ['no version', 'apiName=PizzaShackAPI', 400],
    ['an empty name', 'apiName=&version=1.0.0', 400],
    ['a name twice', 'apiName=a&apiName=b&version=1.0.0', 400],
    ['an unknown API', 'apiName=Nope&version=1.0.0', 404],
    ['an unknown version', 'apiName=PizzaShackAPI&version=2.0.0', 404],
    ['another tenant', 'apiName=PizzaShackAPI&version=1.0.0&tenantDomain=other.example', 404],
    ['the super tenant', 'apiName=PizzaShackAPI&version=1.0.0&tenantDomain=carbon.super', 200],
  ])('%s is answered with its status', async (_what, query, status) => {
    const token = bearer(await accessToken('apim:api_publish'));
    for (const path of [...READING, ...DEPLOYING]) expect((await gateway.api(path, token, query)).status).toBe(status);
  });
});

describe('the default flow', () => {
  test('1,000 concurrent requests with one new token cause one introspection call, the next round none (checklist 18, 19, 20)', async () => {
    const token = bearer(await accessToken('apim:tier_view'));
    const before = proxy.calls;
    const round = () => Promise.all(Array.from({ length: 1_000 }, () => gateway.api('/end-points', token)));
    for (const answer of await round()) expect(answer.status).toBe(200);
    expect(proxy.calls - before).toBe(1);
    for (const answer of await round()) expect(answer.status).toBe(200);
    expect(proxy.calls - before).toBe(1);
  });

  test('a refused token causes one introspection call, and none for a while (checklist 21)', async () => {
    const before = proxy.calls;
    for (let count = 0; count < 3; count += 1)
      expect((await gateway.api('/end-points', bearer('x.y'))).status).toBe(401);
    expect(proxy.calls - before).toBe(1);
  });

  test.each([
    ['fails', { status: 500 }],
    ['refuses the gateway', { status: 400 }],
    ['does not answer', { isSilent: true }],
  ])('an authorization server that %s is 503, and is not remembered as a no (checklist 22)', async (_how, fault) => {
    const token = bearer(await accessToken('apim:tier_view'));
    Object.assign(proxy, fault);
    const answer = await gateway.api('/end-points', token);
    Object.assign(proxy, { status: undefined, isSilent: false });
    expect(answer.status).toBe(503);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    // This token is asked about again in a moment; the others need not wait for that.
    expect([200, 503]).toContain((await gateway.api('/end-points', token)).status);
    expect((await gateway.api('/end-points', bearer(await accessToken('apim:tier_view')))).status).toBe(200);
  });

  test('an authorization server that is down is 503 and Retry-After, and is not remembered as a no (checklist 22)', async () => {
    const token = bearer(await accessToken('apim:tier_view'));
    proxy.isDown = true;
    const answer = await gateway.api('/end-points', token);
    proxy.isDown = false;
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    // This token is asked about again in a moment; the others need not wait for that.
    expect([200, 503]).toContain((await gateway.api('/end-points', token)).status);
    expect((await gateway.api('/end-points', bearer(await accessToken('apim:tier_view')))).status).toBe(200);
  });

  test('a token that was seen stays good while the authorization server is down', async () => {
    const token = bearer(await accessToken('apim:tier_view'));
    await gateway.api('/end-points', token);
    proxy.isDown = true;
    const answer = await gateway.api('/end-points', token);
    proxy.isDown = false;
    expect(answer.status).toBe(200);
  });
});

describe('the Authorization header', () => {
  test.each(['bearer', 'BEARER', 'bEaReR'])('names its scheme in any case: %s (checklist 28)', async (scheme) => {
    const authorization = `${scheme} ${await accessToken('apim:tier_view')}`;
    expect((await gateway.api('/end-points', { authorization })).status).toBe(200);
  });

  test.each([
    ['xBearer TOKEN', 401],
    ['x Bearer TOKEN', 401],
    ['Basic Bearer TOKEN', 401],
    ['Bearer: TOKEN', 400],
    ['Bearer-TOKEN', 401],
    ['TOKEN', 401],
    ['Bearer Bearer TOKEN', 400],
    ['Bearer\tTOKEN', 400],
    ['Bearer TOKEN,Basic YTpi', 400],
  ])('is nothing else than a scheme at its start and the token: %j is %i (checklist 28)', async (text, status) => {
    const authorization = text.replace('TOKEN', await accessToken('apim:tier_view'));
    expect((await gateway.api('/end-points', { authorization })).status).toBe(status);
  });
});

test('every refusal has the five members of the error body (checklist 24)', async () => {
  const token = bearer(await accessToken('apim:tier_view'));
  proxy.isDown = true;
  const unavailable = await gateway.api('/end-points', bearer('never-seen'));
  proxy.isDown = false;
  const refusals = [
    await gateway.api('/end-points', { authorization: 'Bearer a b' }),
    await gateway.api('/end-points'),
    await gateway.api('/redeploy-api', token),
    await gateway.api('/elsewhere', token),
    await gateway.call(`${gateway.origin}/elsewhere`),
    await gateway.call(`${gateway.tokenOrigin}/token`),
    unavailable,
  ];
  expect(refusals.map(({ status }) => status)).toEqual([400, 401, 403, 404, 404, 405, 503]);
  for (const { status, headers, json } of refusals) {
    expect(Object.keys(json)).toEqual(['code', 'message', 'description', 'moreInfo', 'error']);
    expect([json['code'], headers['content-type']]).toEqual([status, 'application/json']);
  }
});

describe('API keys', () => {
  const key = () => /X-API-Key: (\S+)'/.exec(gateway.output.join('\n'))?.[1] as string;

  test('the key that was printed is taken, while the other handlers keep working (checklist 31)', async () => {
    expect((await gateway.api('/redeploy-api', { 'x-api-key': key() })).status).toBe(200);
  });

  test('any other is refused', async () => {
    expect((await gateway.api('/redeploy-api', { 'x-api-key': 'wrong' })).status).toBe(401);
  });

  test('a good key does not rescue a bad token that is sent besides (DESIGN 4, rule 1)', async () => {
    expect((await gateway.api('/redeploy-api', { 'x-api-key': key(), ...bearer('bad') })).status).toBe(401);
  });

  test('Basic is not one of the mechanisms of the API', async () => {
    expect((await gateway.api('/end-points', { authorization: basic('admin', 'admin') })).status).toBe(401);
  });
});

describe('JWT access tokens', () => {
  async function jwt(algorithm: string, scope = 'apim:tier_view'): Promise<string> {
    const resource = `urn:gateway:jwt:${algorithm}`;
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope, resource };
    return (await gateway.token(client, form)).json['access_token'];
  }

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'are issued on request, signed with %s, and verified without a call (RFC 9068 2.1, 4; checklist 25)',
    async (algorithm) => {
      const token = await jwt(algorithm);
      const header = JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString());
      expect(header).toMatchObject({ typ: 'at+jwt', alg: algorithm });
      const before = proxy.calls;
      expect((await gateway.api('/end-points', bearer(token))).status).toBe(200);
      expect((await gateway.api('/redeploy-api', bearer(token))).status).toBe(403);
      expect(proxy.calls).toBe(before);
    },
  );

  test('are issued to a client that was registered for them', async () => {
    const payload = { ...PAYLOAD, clientName: 'jwt_client', tokenType: 'JWT', grantType: 'client_credentials' };
    const jwtClient = (await gateway.register(payload)).json as unknown as Client;
    const { json } = await gateway.token(jwtClient, { grant_type: 'client_credentials' });
    expect(json['access_token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test('with another signature are refused, and leave the good token alone (checklist 25, 26)', async () => {
    const token = await jwt('RS256');
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(256, 1).toString('base64url')}`;
    for (const [sent, status] of [
      [forged, 401],
      [token, 200],
      [forged, 401],
      [token, 200],
    ] as const) {
      expect((await gateway.api('/end-points', bearer(sent))).status).toBe(status);
    }
  });
});
