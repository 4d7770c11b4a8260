import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommandFolder } from '../cli/run-command.js';
import { bearer, type Client, GatewayProcess, type Json } from '../support/gateway-process.js';

const WRITTEN = readFileSync(join(__dirname, '../../examples/gateway/gateway-api.yaml'), 'utf8');
/** The scope of `redeploy-api` and `undeploy-api` is another one. Nothing else is edited. */
const CHANGED = WRITTEN.replace(
  "- OAuth2Security: ['apim:api_publish']\n        - ApiKey: []\n        - ClientCertificate: []\n      parameters: &api",
  (part) => part.replace('apim:api_publish', 'apim:api_create'),
);
const BOTH = ['apim:api_publish', 'apim:api_create'];

const folder = new CommandFolder();
let gateway: GatewayProcess;

/** What a gateway enforces, advertises and serves of `POST /redeploy-api`. */
async function told(): Promise<Json> {
  const payload = { clientName: 'deployer', owner: 'admin', grantType: 'password', saasApp: true };
  const client = (await gateway.register(payload)).json as Client;
  const scopes: Record<string, number> = {};
  for (const scope of BOTH) {
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope };
    const token = (await gateway.token(client, form)).json['access_token'];
    scopes[scope] = (await gateway.api('/redeploy-api', bearer(token))).status;
  }
  const refused = await gateway.api('/redeploy-api');
  const [, metadata = ''] = /resource_metadata="([^"]*)"/.exec(String(refused.headers['www-authenticate'])) ?? [];
  const { json: served } = await gateway.api('/swagger.json', {}, '');
  return {
    enforced: scopes,
    challenge: /scope="([^"]*)"/.exec(String(refused.headers['www-authenticate']))?.[1],
    metadata: (await gateway.call(metadata)).json['scopes_supported'],
    served: served['paths']['/redeploy-api'].post.security,
  };
}

/** The row of `POST /redeploy-api`. */
async function matrixOf(file: string): Promise<string | undefined> {
  const { stdout } = await folder.run(['matrix', file]);
  return stdout.split('\n').find((line) => line.startsWith('| redeployAPI |'));
}

beforeAll(() => {
  folder.write('written.yaml', WRITTEN);
  folder.write('changed.yaml', CHANGED);
});
afterAll(() => folder.remove());

describe('another definition, tried beside the one that is enforced', () => {
  beforeAll(async () => {
    gateway = await GatewayProcess.start(['--next-definition', join(folder.path, 'changed.yaml')]);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test('changes nothing: enforced, advertised and served is the first', async () => {
    expect(await told()).toEqual({
      enforced: { 'apim:api_publish': 200, 'apim:api_create': 403 },
      challenge: 'apim:api_publish',
      metadata: ['apim:api_publish', 'apim:tier_view'],
      served: [{ OAuth2Security: ['apim:api_publish'] }, { ApiKey: [] }, { ClientCertificate: [] }],
    });
    expect(await matrixOf('written.yaml')).toContain('| apim:api_publish |');
  });

  test('but the operator is told which requests it would answer differently', async () => {
    const prefix = 'the next definition would answer differently method=POST operation=redeployAPI';
    await gateway.logged(new RegExp(`${prefix} now=granted next="403 insufficient_scope"$`));
    await gateway.logged(new RegExp(`${prefix} now="403 insufficient_scope" next=granted$`));
    const told = gateway.log.filter((line) => line.includes('would answer differently'));
    expect(told).toHaveLength(2);
  });
});

describe('another scope in the definition', () => {
  beforeAll(async () => {
    gateway = await GatewayProcess.start(['--definition', join(folder.path, 'changed.yaml')]);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test('is the scope that is enforced, advertised, served and printed, with no other edit', async () => {
    expect(await told()).toEqual({
      enforced: { 'apim:api_publish': 403, 'apim:api_create': 200 },
      challenge: 'apim:api_create',
      metadata: ['apim:api_create', 'apim:tier_view', 'apim:api_publish'],
      served: [{ OAuth2Security: ['apim:api_create'] }, { ApiKey: [] }, { ClientCertificate: [] }],
    });
    expect(await matrixOf('changed.yaml')).toContain('| apim:api_create |');
  });

  test('stands in the flows of the served definition, too: clients may ask for it', async () => {
    const { json } = await gateway.api('/swagger.json', {}, '');
    const { flows } = json['components'].securitySchemes.OAuth2Security;
    expect(Object.keys(flows.authorizationCode.scopes).toSorted()).toEqual([...BOTH, 'apim:tier_view'].toSorted());
    expect(flows.authorizationCode).toMatchObject({
      authorizationUrl: `${gateway.origin}/oauth2/authorize`,
      tokenUrl: `${gateway.tokenOrigin}/token`,
      refreshUrl: `${gateway.tokenOrigin}/token`,
    });
  });
});

test('a definition that cannot be enforced ends the start in one line', async () => {
  folder.write('broken.yaml', WRITTEN.replaceAll('ApiKey: []', 'Unknown: []'));
  const start = GatewayProcess.start(['--definition', join(folder.path, 'broken.yaml')]);
  await expect(start).rejects.toThrow(/gateway: could not start: .*Unknown/);
});
