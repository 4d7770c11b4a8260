import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

const PASSWORD = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
const PAYLOAD = {
  callbackUrl: '',
  clientName: 'honest',
  owner: 'admin',
  grantType: 'password refresh_token',
  saasApp: true,
};

let gateway: GatewayProcess;
let client: Client;
let stranger: Client;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  client = (await gateway.register(PAYLOAD)).json as Client;
  const theirs = { ...PAYLOAD, clientName: 'stranger', owner: 'subscriber' };
  stranger = (await gateway.register(theirs, 'subscriber')).json as Client;
});
afterAll(async () => {
  await gateway.stop();
});

const isTaken = async (token: string) => (await gateway.api('/end-points', bearer(token))).status === 200;

describe('strangers without credentials', () => {
  test('who send what looks like a JWT get 401, and do not make the authorization server look broken (RFC 7662 2.2)', async () => {
    const { json } = await gateway.token(client, PASSWORD);
    for (let index = 0; index < 30; index += 1) {
      const claims = Buffer.from(JSON.stringify({ index })).toString('base64url');
      const answer = await gateway.api('/end-points', bearer(`eyJhbGciOiJSUzI1NiJ9.${claims}.AAAA`));
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']?.[0]).toContain('error="invalid_token"');
    }
    expect(await isTaken(json['access_token'])).toBe(true);
  });

  test.each(['attacker.example', 'localhost:1"x'])(
    'who send the Host %s do not change the addresses that the server publishes',
    async (host) => {
      const path = '/.well-known/oauth-authorization-server/oauth2';
      const { status, json } = await gateway.call(gateway.origin + path, { headers: { host } });
      expect([status, json['token_endpoint']]).toEqual([200, `${gateway.origin}/oauth2/token`]);
    },
  );

  test.each(['/token', '/revoke'])(
    'at POST %s are asked for the client by a Basic challenge (RFC 6749 5.2, RFC 9110 15.5.2)',
    async (path) => {
      const answer = await gateway.call(gateway.tokenOrigin + path, { form: { ...PASSWORD, token: 'x' } });
      expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
    },
  );

  test('who name a client without its secret are asked for it, too (RFC 9110 15.5.2)', async () => {
    const form = { ...PASSWORD, client_id: client.clientId };
    const answer = await gateway.call(`${gateway.tokenOrigin}/token`, { form });
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_client']);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
  });
});

test('clients that go away in the middle of a request fill no log', async () => {
  await gateway.call(`${gateway.origin}/nowhere`);
  const port = Number(new URL(gateway.tokenOrigin).port);
  const before = gateway.log.length;
  for (let count = 0; count < 5; count += 1) {
    const socket = connect({ port, host: 'localhost', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const type = 'Content-Type: application/x-www-form-urlencoded';
    socket.write(`POST /token HTTP/1.1\r\nHost: localhost\r\n${type}\r\nContent-Length: 9\r\n\r\ngrant`);
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  await gateway.call(`${gateway.tokenOrigin}/token`);
  expect(gateway.log.slice(before)).toEqual([]);
});

describe('another client', () => {
  test('cannot end tokens that are not its own (RFC 7009 2.1)', async () => {
    const { json } = await gateway.token(client, PASSWORD);
    for (const token of [json['access_token'], json['refresh_token']]) {
      const answer = await gateway.revoke(stranger, token);
      expect([answer.status, answer.json['error']]).toEqual([400, 'unauthorized_client']);
    }
    expect(await isTaken(json['access_token'])).toBe(true);
  });

  test('cannot use a refresh token that is not its own, nor spoil it (RFC 6749 10.4)', async () => {
    const { json } = await gateway.token(client, PASSWORD);
    const refresh = { grant_type: 'refresh_token', refresh_token: json['refresh_token'] };
    const stolen = await gateway.token(stranger, refresh);
    expect([stolen.status, stolen.json['error']]).toEqual([400, 'invalid_grant']);
    expect((await gateway.token(client, refresh)).status).toBe(200);
  });

  test('learns nothing about tokens that are not its own (RFC 7662 4)', async () => {
    const { json } = await gateway.token(client, PASSWORD);
    const form = { token: json['access_token'], client_id: stranger.clientId, client_secret: stranger.clientSecret };
    const answer = await gateway.call(`${gateway.origin}/oauth2/introspect`, { form });
    expect(answer.json).toEqual({ active: false });
  });
});
