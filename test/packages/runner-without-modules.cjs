// Runs in a project that installed the tarballs, in a test runner that cannot load ES modules: see tarballs.test.ts.
const { createCipheriv, generateKeyPairSync, randomBytes } = require('node:crypto');
const { expressSecurity, principalOf } = require('@sallyport/adapters/express');
const { anyOf, denied, headerHandler, requireScopes, SecurityChain } = require('@sallyport/core');
const { ask, AuthorizationServer } = require('@sallyport/core/testing');
const { BasicHandler, hashPassword, InMemoryUserStore } = require('@sallyport/handlers/basic');
const { IntrospectionHandler } = require('@sallyport/handlers/introspection');
const { JwtHandler } = require('@sallyport/handlers/jwt');
const { openApi } = require('@sallyport/openapi');
const express = require('express');

const ALICE = { subject: 'alice', scopes: ['orders:read'] };
const audience = 'https://api.example';
/** What a call may take on a busy machine. */
const deadlineMs = 30_000;
const loopback = { allowInsecureLoopback: true, timeoutMs: deadlineMs };

let server;
beforeAll(async () => {
  server = await AuthorizationServer.start({ audience });
});
afterAll(() => server.close());

/** A token within an encrypted one (RFC 7519 A.2), by a shared key. */
function encrypted(text, key) {
  const iv = randomBytes(12);
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return [header, '', ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

test('the CommonJS build is what is loaded', () => {
  for (const name of ['core', 'core/extend', 'openapi', 'handlers', 'adapters/express'])
    expect(require.resolve(`@sallyport/${name}`)).toMatch(/\.cjs$/);
});

test('JWTs are verified, encrypted ones as well', async () => {
  const secret = randomBytes(32);
  const keys = { jwksUri: server.jwksUri, outbound: loopback };
  const decryptionKeys = [{ key: secret, algorithms: 'dir', contentEncryption: 'A256GCM' }];
  const issuers = [{ issuer: server.issuer, audience, algorithms: 'ES256', keys }];
  const requirement = new JwtHandler({ realm: 'api', issuers, decryptionKeys });
  const chain = new SecurityChain({ deadlineMs, requirement });
  const { bearer } = await server.as(ALICE);
  expect(await ask(chain, 'GET /', { bearer })).toMatchObject({ status: 200, principal: ALICE });
  const granted = await ask(chain, 'GET /', { bearer: encrypted(bearer, secret) });
  expect(granted).toMatchObject({ status: 200, principal: ALICE });
  expect(await ask(chain, 'GET /', { bearer: `${bearer.slice(0, -4)}AAAA` })).toMatchObject({ status: 401 });
  await chain.close();
});

test('tokens are introspected over HTTP', async () => {
  const { clientId, clientSecret } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret };
  const endpoint = server.introspectionEndpoint;
  const requirement = new IntrospectionHandler({
    realm: 'api',
    endpoint,
    audience,
    clientAuthentication,
    outbound: loopback,
  });
  const chain = new SecurityChain({ deadlineMs, requirement });
  const parts = await server.as(ALICE, { opaque: true });
  expect(await ask(chain, 'GET /', parts)).toMatchObject({ status: 200, principal: ALICE });
  await chain.close();
});

test('a client proves itself by a signed assertion', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clientAuthentication = { method: 'private_key_jwt', clientId: 'gateway', privateKey, algorithm: 'ES256' };
  const endpoint = server.introspectionEndpoint;
  const options = { realm: 'api', endpoint, audience, clientAuthentication, outbound: loopback };
  const chain = new SecurityChain({ deadlineMs, requirement: new IntrospectionHandler(options) });
  const before = server.calls('introspection');
  expect(await ask(chain, 'GET /', { bearer: 'opaque' })).toMatchObject({ status: 503 });
  expect(server.calls('introspection')).toBeGreaterThan(before);
  await chain.close();
});

test('passwords are hashed and proved', async () => {
  const users = new InMemoryUserStore([{ name: 'alice', hash: await hashPassword('correct horse') }]);
  const chain = new SecurityChain({ deadlineMs, requirement: new BasicHandler({ realm: 'api', users }) });
  const authorization = `Basic ${btoa('alice:correct horse')}`;
  expect(await ask(chain, 'GET /', { headers: { authorization } })).toMatchObject({ status: 200 });
  await chain.close();
});

test('a contract is read and a framework served', async () => {
  const key = headerHandler({
    name: 'key',
    header: 'X-Key',
    verify: (value) => (value === 'good' ? ALICE : denied('key_unknown')),
  });
  const contract = await openApi(
    `openapi: 3.1.0
info: { title: orders, version: '1' }
security: [{ key: [] }]
paths: { /orders: { get: { responses: { '200': { description: orders } } } } }
components: { securitySchemes: { key: { type: apiKey, in: header, name: X-Key } } }`,
    { schemes: { key } },
  );
  const chain = new SecurityChain({ deadlineMs, requirement: anyOf(key), operations: contract });
  const app = express();
  const secure = expressSecurity(chain);
  app.use(secure());
  app.get('/orders', secure(requireScopes('orders:read')), (request, response) => {
    response.json(principalOf(request).subject);
  });
  const listening = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const url = `http://127.0.0.1:${listening.address().port}/orders`;
  const statusOf = async (headers) => (await fetch(url, { headers })).status;
  expect(await statusOf({ 'X-Key': 'good' })).toBe(200);
  expect(await statusOf({ 'X-Key': 'bad' })).toBe(401);
  listening.closeAllConnections();
  await new Promise((resolve) => listening.close(resolve));
  await chain.close();
});
