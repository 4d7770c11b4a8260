import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Revocations, type SecurityChain } from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { parse } from 'yaml';
import { DevelopmentAuthority } from '../../examples/gateway/src/development-certificate.js';
import { machines } from '../../examples/gateway/src/machines.js';
import { apiContract, apiSecurity } from '../../examples/gateway/src/security.js';
import { basic, bearer, type Client, GatewayProcess, type Json } from '../support/gateway-process.js';
import { certificateOf } from '../support/server-certificate.js';

const YAML = readFileSync(join(__dirname, '../../examples/gateway/gateway-api.yaml'), 'utf8');
const READ = 'GET /api/am/gateway/v1/end-points?apiName=PizzaShackAPI&version=1.0.0';

let gateway: GatewayProcess;
let client: Client;
let certificate: string;
let authority: string;
const opened: SecurityChain[] = [];
const folder = mkdtempSync(join(tmpdir(), 'gateway-machines-'));

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const grantType = 'password client_credentials';
  const payload = { clientName: 'inspector', owner: 'admin', grantType, saasApp: true };
  client = (await gateway.register(payload)).json as Client;
  certificate = await certificateOf(gateway.origin);
  authority = (await DevelopmentAuthority.found()).certificate;
});
afterAll(async () => {
  for (const chain of opened) await chain.close();
  rmSync(folder, { recursive: true });
  await gateway.stop();
});

/** The example's chain over a definition, which asks the running authorization server. */
async function open(definition: Json): Promise<SecurityChain> {
  const endpoint = `${gateway.origin}/oauth2/introspect`;
  const issuer = { issuer: `${gateway.origin}/oauth2`, audience: `${gateway.origin}/api/am/gateway/v1`, certificate };
  const contract = apiContract({
    introspection: { endpoint, certificate, clientId: client.clientId, clientSecret: client.clientSecret },
    issuer,
    machines: machines({ realm: 'Gateway API', folder, authority, revocations: new Revocations() }),
    throttling: { limits: [], guards: [] },
    revocations: new Revocations(),
  });
  const chain = await apiSecurity('gateway-api', definition, contract, {
    issuer,
    throttling: { limits: [], guards: [] },
  });
  opened.push(chain);
  return chain;
}

async function statusOf(chain: SecurityChain, scope: string): Promise<number> {
  const form = { grant_type: 'password', username: 'admin', password: 'admin', scope };
  const { json } = await gateway.token(client, form);
  const decision = await chain.decide(buildRequest(READ, { bearer: json['access_token'] }));
  return decision.kind === 'granted' ? 200 : decision.status;
}

describe('the definition is what is enforced', () => {
  test('another scope in it is another scope that is needed (checklist 15)', async () => {
    const definition: Json = parse(YAML);
    definition['paths']['/end-points'].get.security = [{ OAuth2Security: ['apim:admin'] }];
    definition['components'].securitySchemes.OAuth2Security.flows.password.scopes['apim:admin'] = 'Administer';
    const [before, after] = [await open(parse(YAML)), await open(definition)];
    expect([await statusOf(before, 'apim:tier_view'), await statusOf(after, 'apim:tier_view')]).toEqual([200, 403]);
    expect([await statusOf(before, 'apim:admin'), await statusOf(after, 'apim:admin')]).toEqual([403, 200]);
  });

  test('scopes in one entry are all needed, those in several entries are alternatives (checklist 17)', async () => {
    const definition: Json = parse(YAML);
    definition['paths']['/end-points'].get.security = [{ OAuth2Security: ['apim:tier_view', 'apim:api_publish'] }];
    const [any, all] = [await open(parse(YAML)), await open(definition)];
    const both = 'apim:tier_view apim:api_publish';
    expect([await statusOf(any, 'apim:tier_view'), await statusOf(any, both)]).toEqual([200, 200]);
    expect([await statusOf(all, 'apim:tier_view'), await statusOf(all, both)]).toEqual([403, 200]);
  });
});

const QUERY = 'apiName=PizzaShackAPI&version=1.0.0';
const FORMATS = { opaque: {}, JWT: { resource: 'urn:gateway:jwt:RS256' } };

const apiKey = () => /X-API-Key: ([^'"\s]+)/.exec(gateway.output.join('\n'))?.[1] as string;

async function accessToken(form: Record<string, string>): Promise<string> {
  return (await gateway.token(client, form)).json['access_token'];
}

function passwordGrant(user: string, scope: string, format: object = {}): Record<string, string> {
  return { grant_type: 'password', username: user, password: user, scope, ...format };
}

/** What may be sent, by name: the header, the scheme that it proves, and its scopes. */
interface Credential {
  readonly headers: Record<string, string>;
  readonly scheme?: string;
  readonly scopes?: readonly string[];
}

async function everyCredential(): Promise<Record<string, Credential>> {
  const credentials: Record<string, Credential> = {
    nothing: { headers: {} },
    'a bad token': { headers: bearer('never-issued') },
    'a bad key': { headers: { 'x-api-key': 'wrong' } },
    "a user's password": { headers: { authorization: basic('admin', 'admin') } },
    'the API key': { headers: { 'x-api-key': apiKey() }, scheme: 'ApiKey', scopes: [] },
  };
  for (const [format, resource] of Object.entries(FORMATS)) {
    for (const scope of ['apim:tier_view', 'apim:api_publish', 'apim:admin', 'default']) {
      const token = await accessToken(passwordGrant('admin', scope, resource));
      credentials[`${format} token, ${scope}`] = {
        headers: bearer(token),
        scheme: 'OAuth2Security',
        scopes: [scope],
      };
    }
  }
  return credentials;
}

/** What a `security` list says about a credential, read as OpenAPI 3.0.4 4.8.30 does. */
function opens(security: readonly Record<string, readonly string[]>[], { scheme, scopes = [] }: Credential): boolean {
  return (
    security.length === 0 ||
    security.some((alternative) =>
      Object.entries(alternative).every(
        ([name, needed]) => name === scheme && needed.every((scope) => scopes.includes(scope)),
      ),
    )
  );
}

describe('the served definition', () => {
  let served: Json;
  beforeAll(async () => {
    served = (await gateway.api('/swagger.json', {}, '')).json;
  });

  test('says of every operation, for every credential, whether it is let in (checklist 15, 23)', async () => {
    const credentials = await everyCredential();
    const [{ url }] = served['servers'];
    const said: string[] = [];
    const seen: string[] = [];
    for (const [path, item] of Object.entries<Json>(served['paths'])) {
      for (const [method, { security }] of Object.entries<Json>(item)) {
        for (const [name, credential] of Object.entries(credentials)) {
          const call = { method: method.toUpperCase() as 'GET', headers: credential.headers };
          const { status } = await gateway.call(`${url}${path}?${QUERY}`, call);
          const refusal = credential.scheme === undefined ? 401 : 403;
          said.push(`${method} ${path}, ${name}: ${opens(security, credential) ? 200 : refusal}`);
          seen.push(`${method} ${path}, ${name}: ${status}`);
        }
      }
    }
    expect(seen).toEqual(said);
    expect(new Set(said.map((line) => line.slice(-3)))).toEqual(new Set(['200', '401', '403']));
  });

  test('names its schemes in full: every one that it uses, and the header of the key', () => {
    const { OAuth2Security, ApiKey, ClientCertificate, ...others } = served['components'].securitySchemes;
    expect(others).toEqual({});
    expect(ClientCertificate).toMatchObject({ type: 'mutualTLS' });
    expect(ApiKey).toMatchObject({ type: 'apiKey', in: 'header', name: 'X-API-Key' });
    expect(Object.keys(OAuth2Security.flows).toSorted()).toEqual([
      'authorizationCode',
      'clientCredentials',
      'password',
    ]);
  });

  test('names addresses that answer, whatever the ports are', async () => {
    const { flows } = served['components'].securitySchemes.OAuth2Security;
    expect(served['servers']).toEqual([{ url: `${gateway.origin}/api/am/gateway/v1` }]);
    const headers = { authorization: basic(client.clientId, client.clientSecret) };
    const forms = { clientCredentials: { grant_type: 'client_credentials' }, password: passwordGrant('admin', '') };
    for (const [flow, form] of Object.entries(forms)) {
      const answer = await gateway.call(flows[flow].tokenUrl, { form, headers });
      expect([answer.status, answer.json['token_type']]).toEqual([200, 'Bearer']);
    }
    for (const url of [flows.password.refreshUrl, flows.authorizationCode.tokenUrl]) {
      const answer = await gateway.call(url, { form: { grant_type: 'refresh_token' }, headers });
      expect([answer.status, answer.json['error']]).toEqual([400, 'unauthorized_client']);
    }
    const login = await gateway.call(`${flows.authorizationCode.authorizationUrl}?client_id=x`);
    expect([login.status, login.text]).toEqual([400, expect.stringContaining('invalid_client')]);
    expect((await gateway.api('/swagger.yaml', {}, '')).text).not.toMatch(/localhost:(9443|8243)/);
  });
});

describe('the application', () => {
  const by = async (headers: Record<string, string>, query = QUERY) => {
    const { json } = await gateway.api('/redeploy-api', headers, query);
    return JSON.parse(json['jsonPayload']);
  };

  test.each(Object.entries(FORMATS))(
    'sees user, client, scopes and tenant of the caller: %s token (checklist 18)',
    async (_format, resource) => {
      const scope = 'apim:tier_view apim:api_publish';
      const users = ['admin', 'publisher', 'publisher@pizza.example'];
      const tokens = await Promise.all(users.map((user) => accessToken(passwordGrant(user, scope, resource))));
      const seen = await Promise.all(tokens.map((token) => by(bearer(token))));
      expect(seen).toEqual(
        users.map((user) => {
          const tenant = user.split('@')[1] ?? 'carbon.super';
          const scopes = scope.split(' ');
          const caller = { user, client: client.clientId, scopes, tenant };
          return { apiName: 'PizzaShackAPI', version: '1.0.0', tenantDomain: tenant, by: caller };
        }),
      );
    },
  );

  test.each(Object.entries(FORMATS))(
    'sees that an application calls for itself: %s token',
    async (_format, resource) => {
      const token = await accessToken({ grant_type: 'client_credentials', scope: 'apim:api_publish', ...resource });
      const tenant = 'carbon.super';
      expect((await by(bearer(token))).by).toEqual({ client: client.clientId, scopes: ['apim:api_publish'], tenant });
    },
  );

  test('sees the owner of an API key', async () => {
    const { by: caller } = await by({ 'x-api-key': apiKey() });
    expect(caller).toEqual({ client: 'pipeline', scopes: [], tenant: 'carbon.super' });
  });

  test('takes the tenant from the credential: others than the super tenant reach their own APIs only', async () => {
    const theirs = bearer(await accessToken(passwordGrant('publisher@pizza.example', 'apim:api_publish')));
    const ours = bearer(await accessToken(passwordGrant('admin', 'apim:api_publish')));
    const endpoints = async (headers: Record<string, string>, tenant = '') =>
      gateway.api('/end-points', headers, tenant === '' ? QUERY : `${QUERY}&tenantDomain=${tenant}`);
    await gateway.api('/redeploy-api', ours);
    expect((await gateway.api('/undeploy-api', theirs)).json['deployStatus']).toBe('UNDEPLOYED');
    expect((await endpoints(theirs)).json['deployedEndpoints']).toEqual([]);
    expect((await endpoints(ours)).json['deployedEndpoints']).toHaveLength(2);
    for (const tenant of ['carbon.super', 'CARBON.SUPER', 'other.example']) {
      expect((await endpoints(theirs, tenant)).status).toBe(403);
      expect((await gateway.api('/undeploy-api', theirs, `${QUERY}&tenantDomain=${tenant}`)).status).toBe(403);
    }
    expect((await endpoints(ours, 'pizza.example')).json['UnDeployedEndpoints']).toHaveLength(2);
    expect((await endpoints(ours)).json['deployedEndpoints']).toHaveLength(2);
  });
});
