import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DevelopmentAuthority } from '../../examples/gateway/src/development-certificate.js';
import { CommandFolder } from '../cli/run-command.js';
import { bearer, type Client, GatewayProcess, type KeyedCertificate } from '../support/gateway-process.js';

const WRITTEN = readFileSync(join(__dirname, '../../examples/gateway/gateway-api.yaml'), 'utf8');
const FORMATS = { opaque: {}, JWT: { resource: 'urn:gateway:jwt:RS256' } };

let gateway: GatewayProcess;
let machine: KeyedCertificate;
/** Of an authority that nobody knows. */
let stranger: KeyedCertificate;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  machine = gateway.machine();
  stranger = await (await DevelopmentAuthority.found()).issue('deployer');
});
afterAll(async () => {
  await gateway.stop();
});

const deployed = (certificate?: KeyedCertificate, headers = {}) =>
  gateway.api('/redeploy-api', headers, undefined, certificate);

describe('the certificate of a machine', () => {
  test('opens what the definition says, and the application sees whose it is (RFC 8705 2)', async () => {
    const { status, json } = await deployed(machine);
    expect(status).toBe(200);
    expect(JSON.parse(json['jsonPayload']).by).toEqual({ client: 'deployer', scopes: [], tenant: 'carbon.super' });
  });

  test('of another authority opens nothing, whatever name it has', async () => {
    expect((await deployed(stranger)).status).toBe(401);
    expect((await deployed()).status).toBe(401);
  });

  test('does not rescue a bad token that is sent besides', async () => {
    expect((await deployed(machine, bearer('bad'))).status).toBe(401);
  });
});

describe.each(Object.entries(FORMATS))(
  'tokens that are bound to a certificate (RFC 8705 3): %s',
  (format, resource) => {
    const form = { grant_type: 'client_credentials', scope: 'apim:api_publish', ...resource };
    let client: Client;

    beforeAll(async () => {
      const payload = {
        clientName: `careful ${format}`,
        owner: 'admin',
        grantType: 'client_credentials password refresh_token',
        tls_client_certificate_bound_access_tokens: true,
      };
      client = (await gateway.register(payload)).json as Client;
    });

    test('are good with that certificate alone, until they are revoked', async () => {
      const { status, json } = await gateway.token(client, form, { certificate: stranger });
      expect([status, json['token_type']]).toEqual([200, 'Bearer']);
      const token = bearer(json['access_token']);
      const outcomes = async () => [
        (await deployed(stranger, token)).status,
        (await deployed(machine, token)).status,
        (await deployed(undefined, token)).status,
      ];
      expect(await outcomes()).toEqual([200, 401, 401]);
      expect((await gateway.revoke(client, json['access_token'])).status).toBe(200);
      expect(await outcomes()).toEqual([401, 401, 401]);
    });

    test.each(['client_credentials', 'password'])('are issued by %s to nobody without a certificate', async (grant) => {
      const user = grant === 'password' ? { username: 'admin', password: 'admin' } : {};
      const asked = { ...form, ...user, grant_type: grant };
      const refused = await gateway.token(client, asked);
      expect([refused.status, refused.json['error']]).toEqual([400, 'invalid_grant']);
      const { json } = await gateway.token(client, asked, { certificate: machine });
      const token = bearer(json['access_token']);
      expect([(await deployed(machine, token)).status, (await deployed(undefined, token)).status]).toEqual([200, 401]);
    });
  },
);

test('a definition may ask for a login of the last minutes: a user has one, an application has none (RFC 9470 3)', async () => {
  const folder = new CommandFolder();
  folder.write('fresh.yaml', WRITTEN.replace('maxVerdictAgeSeconds: 0', '$&, stepUp: { maxAgeSeconds: 300 }'));
  const careful = await GatewayProcess.start(['--definition', join(folder.path, 'fresh.yaml')]);
  try {
    const grantType = 'client_credentials password refresh_token';
    const client = (await careful.register({ clientName: 'both', owner: 'admin', grantType })).json as Client;
    const scope = 'apim:api_publish';
    for (const resource of Object.values(FORMATS)) {
      const user = { grant_type: 'password', username: 'admin', password: 'admin', scope, ...resource };
      const { json: issued } = await careful.token(client, user);
      expect((await careful.api('/undeploy-api', bearer(issued['access_token']))).status).toBe(200);
      const renewal = { grant_type: 'refresh_token', refresh_token: issued['refresh_token'] };
      const { json: renewed } = await careful.token(client, renewal);
      expect((await careful.api('/undeploy-api', bearer(renewed['access_token']))).status).toBe(200);
      const { json: own } = await careful.token(client, { grant_type: 'client_credentials', scope, ...resource });
      const refused = await careful.api('/undeploy-api', bearer(own['access_token']));
      expect([refused.status, String(refused.headers['www-authenticate'])]).toEqual([
        401,
        expect.stringMatching(/error="insufficient_user_authentication".* max_age="300"/),
      ]);
      expect((await careful.api('/redeploy-api', bearer(own['access_token']))).status).toBe(200);
    }
  } finally {
    await careful.stop();
    folder.remove();
  }
});
