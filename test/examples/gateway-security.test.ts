import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Revocations, type SecurityChain } from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { parse } from 'yaml';
import { apiSecurity } from '../../examples/gateway/src/security.js';
import { type Client, GatewayProcess, type Json } from '../support/gateway-process.js';
import { certificateOf } from '../support/server-certificate.js';

const YAML = readFileSync(join(__dirname, '../../examples/gateway/gateway-api.yaml'), 'utf8');
const READ = 'GET /api/am/gateway/v1/end-points?apiName=PizzaShackAPI&version=1.0.0';

let gateway: GatewayProcess;
let client: Client;
let certificate: string;
const opened: SecurityChain[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const payload = { clientName: 'inspector', owner: 'admin', grantType: 'password', saasApp: true };
  client = (await gateway.register(payload)).json as Client;
  certificate = await certificateOf(gateway.origin);
});
afterAll(async () => {
  for (const chain of opened) await chain.close();
  await gateway.stop();
});

/** The example's chain over a definition, which asks the running authorization server. */
async function open(definition: Json): Promise<SecurityChain> {
  const endpoint = `${gateway.origin}/oauth2/introspect`;
  const chain = await apiSecurity({
    definition: { json: definition, yaml: '' },
    introspection: { endpoint, certificate, clientId: client.clientId, clientSecret: client.clientSecret },
    issuer: { issuer: `${gateway.origin}/oauth2`, audience: `${gateway.origin}/api/am/gateway/v1`, certificate },
    apiKeys: [],
    revocations: new Revocations(),
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

test('the application sees user, client, scopes and tenant of a token (checklist 18)', async () => {
  const chain = await open(parse(YAML));
  const form = { grant_type: 'password', username: 'publisher', password: 'publisher', scope: 'apim:tier_view' };
  const { json } = await gateway.token(client, form);
  const decision = await chain.decide(buildRequest(READ, { bearer: json['access_token'] }));
  expect(decision).toMatchObject({
    kind: 'granted',
    principal: {
      subject: 'publisher',
      issuer: `${gateway.origin}/oauth2`,
      clientId: client.clientId,
      scopes: ['apim:tier_view'],
      claims: { username: 'publisher@carbon.super' },
    },
  });
});
