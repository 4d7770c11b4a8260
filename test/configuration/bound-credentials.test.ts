import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as askOverTls, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { chainFrom } from '@sallyport/configuration';
import { container, registerConfiguration, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import { SecurityChain, type SecurityHandler } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { MutualTlsHandler } from '@sallyport/handlers/mutual-tls';
import { type OpenApiDocument, openApi } from '@sallyport/openapi';
import { DpopClient, EXTERNAL_URL, outcomeOf, TOKEN_KEY } from '../handlers/dpop/dpop-fixture.js';
import { AUDIENCE, ISSUER } from '../handlers/jwt/jwt-fixture.js';
import { authority, CLIENT_AUTH, type Issued, issue, SERVER_AUTH } from '../support/certificates.js';

const responses = { 200: { description: 'fine' } };

/** An operation for each scheme, and one for either of two. `mutualTLS` is a word of OpenAPI 3.1. */
const document: OpenApiDocument = {
  openapi: '3.1.1',
  info: { title: 'Orders', version: '1' },
  components: {
    securitySchemes: {
      certificate: { type: 'mutualTLS' },
      dpop: { type: 'http', scheme: 'DPoP' },
      key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    },
  },
  paths: {
    '/transfers': { get: { operationId: 'transfers', security: [{ certificate: [] }], responses } },
    '/orders': { get: { operationId: 'orders', security: [{ dpop: ['orders:read'] }], responses } },
    '/reports': { get: { operationId: 'reports', security: [{ key: [] }, { dpop: [] }], responses } },
  },
};

const SECRET = 'the secret of this deployment, 32 characters or more';
const clock = new ManualClock();
const owner = new DpopClient();
const pem = String(TOKEN_KEY.publicKey.export({ type: 'spki', format: 'pem' }));

let root: Issued;
let server: Issued;
let client: Issued;
let stranger: Issued;

const folder = mkdtempSync(join(tmpdir(), 'bound-credentials-'));
writeFileSync(join(folder, 'orders.json'), JSON.stringify(document));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  root = await authority('Root');
  const names = [{ type: 'ip', value: '127.0.0.1' } as const];
  server = await issue({ by: root, names, uses: [SERVER_AUTH] });
  client = await issue({ by: root, subject: [{ CN: ['billing'] }], uses: [CLIENT_AUTH] });
  stranger = await issue({ by: await authority('Root'), subject: [{ CN: ['billing'] }], uses: [CLIENT_AUTH] });
});

const tokenOptions = () => ({
  realm: 'orders',
  issuers: [
    { issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256' as const, keys: { publicKey: pem, kid: TOKEN_KEY.kid } },
  ],
  dpop: { externalUrl: EXTERNAL_URL },
});
const certificateOptions = () => ({ identity: 'common-name' as const, issuedBy: root.cert });
const keyOptions = { prefix: 'acme', secret: SECRET };

/** What the file says, and the container is told. Keys have no store in memory there. */
const configuration = () => ({
  handlers: {
    certificate: { type: 'mutual-tls', options: certificateOptions() },
    dpop: { type: 'jwt', options: tokenOptions() },
    key: { type: 'memory-keys', options: {} },
  },
  chain: {
    contract: {
      document: join(folder, 'orders.json'),
      schemes: { certificate: 'certificate', dpop: 'dpop', key: 'key' },
    },
  },
});

const keys = () => new ApiKeyHandler({ ...keyOptions, name: 'key', store: new MemoryApiKeyStore() }, { clock });

const kinds = { ...builtInHandlers, 'memory-keys': { handler: keys } };

const WAYS: Readonly<Record<string, () => Promise<SecurityChain>>> = {
  code: async () => {
    const schemes = {
      certificate: new MutualTlsHandler({ ...certificateOptions(), name: 'certificate' }, { clock }),
      dpop: new JwtHandler({ ...tokenOptions(), name: 'dpop' }, { clock }),
      key: keys(),
    };
    return new SecurityChain({ operations: await openApi(document, { schemes }) }, { clock });
  },
  'a configuration': () => chainFrom(configuration(), { kinds, clock }),
  'a container': () => {
    const scope = container.createChildContainer();
    registerSecurity(scope, { kinds, clock });
    registerConfiguration(scope, configuration());
    return resolveChain(scope);
  },
};

/** The status for who shows this certificate, and the subject. */
type Asking = (shown: Partial<Issued>, path?: string) => Promise<string>;

/** Serves the chain over TLS, as servers do that leave the judgement to the application. */
async function overTls(chain: SecurityChain, use: (askWith: Asking) => Promise<void>) {
  const listener = httpSecurity(chain)((_request, response, principal) => response.end(principal.subject));
  const tls = { cert: server.cert, key: server.key, ca: root.cert, requestCert: true, rejectUnauthorized: false };
  const listening = createServer(tls, listener).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const askWith: Asking = async (shown, path = '/transfers') => {
    const { cert, key } = shown;
    const request = askOverTls({ host: '127.0.0.1', port, path, ca: root.cert, agent: false, cert, key }).end();
    const [response] = await once(request, 'response');
    let body = '';
    for await (const part of response) body += part;
    return response.statusCode === 200 ? `200 ${body}` : `${response.statusCode}`;
  };
  await use(askWith);
  listening.closeAllConnections();
  await new Promise((resolve) => listening.close(resolve));
}

describe.each(Object.entries(WAYS))('schemes of a contract by %s', (_way, make) => {
  let chain: SecurityChain;
  beforeAll(async () => {
    chain = await make();
  });
  afterAll(() => chain.close());

  test('mutualTLS: the certificate of the connection, of the authority alone [OpenAPI 3.1.1 4.8.27; RFC 8705 2]', async () => {
    await overTls(chain, async (askWith) => {
      expect(await askWith(client)).toBe('200 billing');
      expect(await askWith(stranger)).toBe('401');
      expect(await askWith({})).toBe('401');
      expect(await askWith(client, '/orders')).toBe('401');
    });
  });

  test('http dpop: the token with its proof, and its scopes [RFC 9449 7.1]', async () => {
    const asked = async (token: string, headers: object, line = 'GET /orders') =>
      outcomeOf(await ask(chain, line, { headers: { Authorization: `DPoP ${token}`, ...headers } }));
    const token = owner.token();
    const proof = owner.proof(token);
    expect(await asked(token, { DPoP: proof })).toBe('200');
    expect(await asked(token, { DPoP: proof })).toBe('401 dpop_proof_replayed');
    expect(await asked(token, {})).toBe('401 dpop_proof_missing');
    const poor = owner.token({ scope: 'other' });
    expect(await asked(poor, { DPoP: owner.proof(poor) })).toBe('403 insufficient_scope');
    expect(await asked(token, { DPoP: owner.proof(token) }, 'GET /transfers')).toMatch(/^401 /);
  });

  test('http dpop: not a bound token as Bearer [RFC 9449 7.2]', async () => {
    const asBearer = { headers: { Authorization: `Bearer ${owner.token()}` } };
    expect(outcomeOf(await ask(chain, 'GET /orders', asBearer))).toBe('401 confirmation_unproved');
  });

  test('either a key or a bound token', async () => {
    const handler = chain.handlers.find(({ name }) => name === 'key') as ApiKeyHandler;
    const { key } = await handler.keys.create({ subject: 'web-shop' });
    const byKey = await ask(chain, 'GET /reports', { headers: { 'X-API-Key': key.reveal() } });
    expect(byKey.principal?.subject).toBe('web-shop');
    const token = owner.token();
    const proof = owner.proof(token, { line: 'GET /reports' });
    const byToken = await ask(chain, 'GET /reports', { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
    expect(byToken.principal?.confirmation).toEqual({ jkt: owner.thumbprint });
  });
});

test('a handler without DPoP is not fit for the scheme dpop, nor one of tokens for mutualTLS', async () => {
  const { dpop: _none, ...plain } = tokenOptions();
  const doubtsAbout = async (scheme: string, handler: SecurityHandler) => {
    const paths = { '/a': { get: { operationId: 'a', security: [{ [scheme]: [] }], responses } } };
    const found: string[] = [];
    await openApi({ ...document, paths } as OpenApiDocument, {
      schemes: { [scheme]: handler },
      doubts: (doubts) => found.push(...doubts.map(({ kind }) => kind)),
    });
    return found;
  };
  expect(await doubtsAbout('dpop', new JwtHandler(plain))).toContain('handler_unfit');
  expect(await doubtsAbout('dpop', new JwtHandler(tokenOptions()))).not.toContain('handler_unfit');
  expect(await doubtsAbout('certificate', new JwtHandler(tokenOptions()))).toContain('handler_unfit');
  expect(await doubtsAbout('certificate', new MutualTlsHandler(certificateOptions()))).not.toContain('handler_unfit');
});
