import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { anonymous, headerHandler, SecurityChain } from '@sallyport/core';
import { request } from 'undici';
import { application } from '../../examples/gateway/src/application.js';
import { OperatorLog } from '../../examples/gateway/src/operator-log.js';
import { wso2Format } from '../../examples/gateway/src/wso2-error.js';
import { basic, bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

const PASSWORD = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };

describe("the gateway's operator", () => {
  let gateway: GatewayProcess;
  let client: Client;
  let token: string;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    const payload = { clientName: 'watched', owner: 'admin', grantType: 'password refresh_token', saasApp: true };
    client = (await gateway.register(payload)).json as Client;
    token = (await gateway.token(client, PASSWORD)).json['access_token'];
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test.each([
    [
      'a granted call',
      () => gateway.api('/end-points', bearer(token)),
      /INFO {2}access granted chain=gateway-api .*operation=getEndpoints .*subject=admin client=\S+/,
    ],
    [
      'a missing scope',
      () => gateway.api('/redeploy-api', bearer(token)),
      /WARN {2}access denied: 403 .*operation=redeployAPI/,
    ],
    [
      'a bad token',
      () => gateway.api('/sequence', bearer('never-issued')),
      /WARN {2}access denied: 401 token_inactive .*operation=getSequences/,
    ],
    [
      'a credential that cannot be read',
      () => gateway.api('/local-entry', { authorization: 'Bearer a b' }),
      /WARN {2}access denied: 400 .*operation=getLocalEntries/,
    ],
    [
      'a wrong password at registration',
      () => gateway.register({}, 'creator', 'wrong'),
      /WARN {2}access denied: 401 user_or_password_wrong chain=client-registration/,
    ],
    [
      'a wrong password at the token endpoint',
      () => gateway.token(client, { ...PASSWORD, password: 'wrong' }),
      /WARN {2}access denied: 401 user_or_password_wrong chain=login .*route=\/token/,
    ],
    [
      'a wrong secret',
      () => gateway.token({ ...client, clientSecret: 'wrong' }, PASSWORD),
      /WARN {2}access denied: 401 user_or_password_wrong chain=client .*route=\/token/,
    ],
    [
      'a grant that was refused',
      () => gateway.token(client, { grant_type: 'magic' }),
      /WARN {2}token refused: 400 unsupported_grant_type client=\S+ grant=magic/,
    ],
    [
      'a token that was issued',
      () => gateway.token(client, PASSWORD),
      /INFO {2}token issued client=\S+ grant=password address=\S+/,
    ],
  ])('reads one line about %s', async (_what, call, line) => {
    const before = gateway.log.length;
    await call();
    expect(await gateway.logged(line, before)).toMatch(/^\d{4}-\d\d-\d\dT\S+Z /);
  });

  test('counts every decision, for administrators only', async () => {
    const metrics = (user: string, password = user) =>
      gateway.call(`${gateway.origin}/metrics`, { headers: { authorization: basic(user, password) } });
    expect((await gateway.call(`${gateway.origin}/metrics`)).status).toBe(401);
    expect((await metrics('publisher')).status).toBe(403);
    const countOf = async (label: string) => {
      const { text } = await metrics('admin');
      return text
        .split('\n')
        .filter((line) => line.startsWith('sallyport_decisions_total{') && line.includes(label))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    };
    const denied = 'http_response_status_code="403"';
    const [granted, before] = [await countOf('sallyport_chain="gateway-api"'), await countOf(denied)];
    for (let count = 0; count < 3; count += 1) await gateway.api('/redeploy-api', bearer(token));
    await gateway.api('/end-points', bearer(token));
    expect(await countOf('sallyport_chain="gateway-api"')).toBe(granted + 4);
    expect(await countOf(denied)).toBe(before + 3);
    expect((await metrics('admin')).text).toMatch(/^sallyport_decision_duration_seconds_bucket\{.*le="\+Inf"\} \d+$/m);
  });

  test('reads no secret: no token, password, client secret or key, not in parts either', async () => {
    const key = /X-API-Key: ([^'"\s]+)/.exec(gateway.output.join('\n'))?.[1] as string;
    await gateway.api('/redeploy-api', { 'x-api-key': key });
    await gateway.api('/redeploy-api', { 'x-api-key': 'hunter2hunter2' });
    await gateway.api('/end-points', bearer('hunter3hunter3'));
    await gateway.token(client, { ...PASSWORD, username: 'hunter4hunter4', password: 'hunter5hunter5' });
    const { json } = await gateway.token(client, PASSWORD);
    await gateway.revoke(client, json['refresh_token']);
    const lines = gateway.log.join('\n');
    for (const secret of [token, key, client.clientSecret, json['access_token'], json['refresh_token']]) {
      for (const part of [secret.slice(0, 12), secret.slice(-12)]) expect(lines).not.toContain(part);
    }
    expect(lines).not.toMatch(/hunter\d/);
  });
});

describe('a 500 names itself to the client, and its line says what failed', () => {
  const lines: string[] = [];
  const log = new OperatorLog((line) => lines.push(line));
  const broken = headerHandler({
    name: 'broken',
    header: 'x-api-key',
    verify: () => {
      throw new TypeError('the password is hunter2');
    },
  });
  const chain = new SecurityChain({ name: 'api', requirement: broken, format: wso2Format });
  const open = expressSecurity(new SecurityChain({ requirement: anonymous() }));
  const app = application({
    definition: async () => ({ json: {}, yaml: '' }),
    authorizationServer: { addClient: async () => {} },
    metrics: { text: async () => Promise.reject(new RangeError('the password is hunter2')) },
    statistics: () => {
      throw new RangeError('the password is hunter2');
    },
    log,
    doors: { api: expressSecurity(chain)(), registration: open(), metrics: open(), analytics: open() },
  });
  const server = createServer(app);
  let origin: string;

  beforeAll(async () => {
    log.listen();
    await once(server.listen(0), 'listening');
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    log.close();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  test.each([
    ['a handler', '/api/am/gateway/v1/swagger.json', /access denied: 500 .*fault=broken:TypeError/],
    ['the application', '/metrics', /application failed .*name=RangeError/],
    ['the page of statistics', '/analytics', /application failed .*name=RangeError/],
  ])('of %s', async (_whose, path, line) => {
    const { statusCode, body } = await request(origin + path, { headers: { 'x-api-key': 'k' } });
    const answer = (await body.json()) as { moreInfo: string; code: number };
    expect([statusCode, answer.code]).toEqual([500, 500]);
    expect(answer.moreInfo).toMatch(/^[0-9a-f-]{36}$/);
    const told = lines.filter((one) => one.includes(`correlationId=${answer.moreInfo}`));
    expect(told).toEqual([expect.stringMatching(line)]);
    expect(JSON.stringify([answer, lines])).not.toContain('hunter2');
  });
});

test('a value in a line cannot look like another field or line', () => {
  const lines: string[] = [];
  new OperatorLog((line) => lines.push(line)).note('warn', 'refused', {
    subject: 'a b=c\nINFO \u001b[31m\u2028"',
    x: undefined,
  });
  expect(lines).toEqual([expect.stringMatching(/WARN {2}refused subject="a b=c\\nINFO \\u001b\[31m\\u2028\\""$/)]);
});
