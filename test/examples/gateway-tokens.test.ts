import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { basic, bearer, type Client, GatewayProcess, type Json } from '../support/gateway-process.js';

const GRANTS = 'password refresh_token client_credentials';
const PASSWORD = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
const OPAQUE = {};
const JWT = { resource: 'urn:gateway:jwt:ES256' };
const FORMATS = [
  ['opaque', OPAQUE],
  ['JWT', JWT],
] as const;

/** The order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

let gateway: GatewayProcess;
let client: Client;
let stranger: Client;

async function register(clientName: string, owner = 'admin'): Promise<Client> {
  const payload = { clientName, owner, grantType: GRANTS, callbackUrl: '', saasApp: true };
  return (await gateway.register(payload, owner)).json as Client;
}

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  client = await register('tokens');
  stranger = await register('stranger', 'subscriber');
});
afterAll(async () => {
  await gateway.stop();
});

async function tokens(form: Record<string, string>, of = client): Promise<Json> {
  return (await gateway.token(of, form)).json;
}

const statusOf = async (token: string, path = '/end-points') => (await gateway.api(path, bearer(token))).status;

/** The same ES256 token with the other signature that is as good: s is n − s. */
function twinOf(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  const hex = Buffer.from(signature, 'base64url').toString('hex');
  const s = (ORDER - BigInt(`0x${hex.slice(64)}`)).toString(16).padStart(64, '0');
  return `${header}.${payload}.${Buffer.from(hex.slice(0, 64) + s, 'hex').toString('base64url')}`;
}

async function introspect(token: string, as: Client): Promise<Json> {
  const headers = { authorization: basic(as.clientId, as.clientSecret) };
  return (await gateway.call(`${gateway.origin}/oauth2/introspect`, { form: { token }, headers })).json;
}

describe.each(FORMATS)('%s access tokens', (_format, resource) => {
  test('end at once when they are revoked, and bring an end to their grant (RFC 7009 2.1)', async () => {
    const { access_token: token, refresh_token } = await tokens({ ...PASSWORD, ...resource });
    expect(await statusOf(token)).toBe(200);
    const answer = await gateway.revoke(client, token);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(await statusOf(token)).toBe(401);
    const renewal = await gateway.token(client, { grant_type: 'refresh_token', refresh_token });
    expect([renewal.status, renewal.json['error']]).toEqual([400, 'invalid_grant']);
  });

  test('end at once when they are renewed (RFC 6749 6)', async () => {
    const first = await tokens({ ...PASSWORD, ...resource });
    expect(await statusOf(first['access_token'])).toBe(200);
    const second = await tokens({ grant_type: 'refresh_token', refresh_token: first['refresh_token'] });
    expect([await statusOf(first['access_token']), await statusOf(second['access_token'])]).toEqual([401, 200]);
    const again = await gateway.token(client, { grant_type: 'refresh_token', refresh_token: first['refresh_token'] });
    expect(again.status).toBe(400);
    expect(await statusOf(second['access_token'])).toBe(401);
  });

  test('end when their refresh token is revoked (RFC 7009 2.1)', async () => {
    const { access_token: token, refresh_token } = await tokens({ ...PASSWORD, ...resource });
    expect(await statusOf(token)).toBe(200);
    await gateway.revoke(client, refresh_token);
    expect(await statusOf(token)).toBe(401);
  });

  test("of another client are not ended, and that client's are not told about (RFC 7009 2.1, RFC 7662 4)", async () => {
    const { access_token: token } = await tokens({ ...PASSWORD, ...resource });
    const answer = await gateway.revoke(stranger, token);
    expect([answer.status, answer.json['error']]).toEqual([400, 'unauthorized_client']);
    expect(await statusOf(token)).toBe(200);
    expect(await introspect(token, stranger)).toEqual({ active: false });
  });

  test('are introspected by their own client until they end (RFC 7662 2.2)', async () => {
    const { access_token: token } = await tokens({ ...PASSWORD, ...resource });
    expect(await introspect(token, client)).toMatchObject({
      active: true,
      sub: 'admin',
      client_id: client.clientId,
      scope: 'apim:tier_view',
      username: 'admin@carbon.super',
      tenant_domain: 'carbon.super',
    });
    await gateway.revoke(client, token);
    expect(await introspect(token, client)).toEqual({ active: false });
  });

  test('of an application may do what it asked for and its owner may do, and end with revocation (RFC 6749 4.4)', async () => {
    const asking = { grant_type: 'client_credentials', ...resource };
    const reading = await tokens({ ...asking, scope: 'apim:tier_view' });
    expect(reading).toEqual({
      access_token: expect.any(String),
      scope: 'apim:tier_view',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    const token = reading['access_token'];
    expect([await statusOf(token), await statusOf(token, '/redeploy-api')]).toEqual([200, 403]);
    const deploying = await tokens({ ...asking, scope: 'apim:api_publish openid unknown' });
    expect(deploying['scope']).toBe('apim:api_publish');
    expect(await statusOf(deploying['access_token'], '/redeploy-api')).toBe(200);
    await gateway.revoke(client, token);
    expect([await statusOf(token), await statusOf(deploying['access_token'])]).toEqual([401, 200]);
    const weak = await tokens({ ...asking, scope: 'apim:tier_view' }, stranger);
    expect(weak['scope']).toBe('am_application_scope default');
    expect(await statusOf(weak['access_token'])).toBe(403);
  });
});

describe('at the revocation endpoint', () => {
  test('a forged JWT with the identifier of a good one does not end it, and neither is an error (RFC 7009 2.2)', async () => {
    const { access_token: token } = await tokens({ ...PASSWORD, ...JWT });
    const [header, payload, signature = ''] = token.split('.');
    const forged = [
      `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    ];
    for (const one of forged) expect((await gateway.revoke(client, one)).status).toBe(200);
    expect(await statusOf(token)).toBe(200);
  });

  test('the high-S twin of a JWT is that JWT: both end (FIPS 186-5 6.4)', async () => {
    const { access_token: token } = await tokens({ ...PASSWORD, ...JWT });
    const twin = twinOf(token);
    expect([await statusOf(token), await statusOf(twin)]).toEqual([200, 200]);
    await gateway.revoke(client, twin);
    expect([await statusOf(token), await statusOf(twin)]).toEqual([401, 401]);
  });
});
