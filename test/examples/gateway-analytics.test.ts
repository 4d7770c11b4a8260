import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPrincipal, headerHandler, rateLimit, route, routes, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { analyticsPage, PAGE_POLICY } from '../../examples/gateway/src/analytics-page.js';
import { basic, bearer, type Client, GatewayProcess, type Json } from '../support/gateway-process.js';

const CONTRACT: Json = parse(readFileSync(join(__dirname, '../../examples/gateway/analytics-api.yaml'), 'utf8'));

describe('the statistics of the gateway', () => {
  let gateway: GatewayProcess;
  let client: Client;
  const get = (path: string, headers: Record<string, string> = {}) => gateway.call(gateway.origin + path, { headers });
  const tokenFor = async (scope: string) =>
    (await gateway.token(client, { grant_type: 'password', username: 'admin', password: 'admin', scope })).json[
      'access_token'
    ];

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    const payload = { clientName: 'watched', owner: 'admin', grantType: 'password', saasApp: true };
    client = (await gateway.register(payload)).json as Client;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test.each(['/analytics', '/analytics.json'])('%s is for callers with its scope only', async (path) => {
    const nobody = await get(path);
    expect(nobody.status).toBe(401);
    expect(String(nobody.headers['www-authenticate'])).toMatch(/Bearer .*Basic /);
    for (const scope of ['apim:admin', 'apim:tier_view apim:api_publish']) {
      const refused = await get(path, bearer(await tokenFor(scope)));
      expect([refused.status, refused.headers['www-authenticate']]).toEqual([
        403,
        expect.stringContaining('scope="apim:analytics_view"'),
      ]);
    }
    expect((await get(path, bearer(await tokenFor('apim:analytics_view')))).status).toBe(200);
    expect((await get(path, { authorization: basic('admin', 'admin') })).status).toBe(200);
    expect((await get(path, { authorization: basic('publisher', 'publisher') })).status).toBe(403);
    expect((await get(path, { authorization: basic('admin', 'wrong') })).status).toBe(401);
  });

  test('the scope opens nothing else', async () => {
    const token = await tokenFor('apim:analytics_view');
    expect((await gateway.api('/end-points', bearer(token))).status).toBe(403);
    expect((await gateway.call(`${gateway.origin}/metrics`, { headers: bearer(token) })).status).toBe(401);
  });

  test('the data count what the API decided, and are what the contract says', async () => {
    const read = async () => (await get('/analytics.json', bearer(await tokenFor('apim:analytics_view')))).json;
    const named = (rows: Json[], name: string) => rows.find((row) => row['name'] === name) ?? {};
    const before = await read();
    const token = await tokenFor('apim:tier_view');
    for (let turn = 0; turn < 3; turn += 1) await gateway.api('/end-points', bearer(token));
    await gateway.api('/redeploy-api', bearer(token));
    await gateway.api('/end-points', bearer('wrong'));
    const after = await read();
    expect(after['total'].decisions - before['total'].decisions).toBe(5);
    expect(named(after['operations'].rows, 'getEndpoints')).toMatchObject({ granted: 3 });
    expect(named(after['operations'].rows, 'redeployAPI')).toMatchObject({
      refused: 1,
      reasons: { insufficient_scope: 1 },
    });
    const ofClient = [before, after].map(({ clients }) => named(clients.rows, client.clientId)) as [Json, Json];
    expect(ofClient[1]['granted'] - (ofClient[0]['granted'] ?? 0)).toBe(3);
    expect(ofClient[1]['refused'] - (ofClient[0]['refused'] ?? 0)).toBe(1);
    expect(named(after['clients'].rows, client.clientId)['cache'].hit).toBeGreaterThanOrEqual(3);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile({
      ...CONTRACT['components'].schemas.Statistics,
      components: CONTRACT['components'],
    });
    expect(validate(after)).toBe(true);
    expect(JSON.stringify(after)).not.toContain(token);
  });

  test('the page shows the same, loads nothing, runs nothing and is kept nowhere', async () => {
    const { headers, text } = await get('/analytics', { authorization: basic('admin', 'admin') });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
    expect(text).toContain(client.clientId);
    expect(text).toContain('<td>redeployAPI</td>');
    expect(text).not.toMatch(/<script|<link|<img|src=|href=|url\(|style=/);
    expect((await get('/analytics.json', { authorization: basic('admin', 'admin') })).headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  test('there is nothing to post to them, and nothing beside them', async () => {
    const headers = { authorization: basic('admin', 'admin') };
    for (const path of ['/analytics', '/analytics.json']) {
      expect((await gateway.call(gateway.origin + path, { method: 'POST', headers, body: {} })).status).toBe(404);
    }
    for (const path of ['/analytics/', '/Analytics', '/analytics.yaml'])
      expect((await get(path, headers)).status).toBe(404);
  });
});

test('the page escapes the names of clients, operations and reasons', async () => {
  const names = ['<script>alert(1)</script>', '"><img src=x>', "a'b&c"];
  const chain = new SecurityChain({
    name: '<b>api</b>',
    requirement: headerHandler({
      name: 'key',
      header: 'X-Key',
      verify: (key) => createPrincipal({ kind: 'client', subject: key }),
    }),
    operations: routes([route('GET', '/pets', { id: '<i>pets</i>' })]),
    guards: [rateLimit({ name: 'day', limit: 10, windowSeconds: 86_400, by: 'client' })],
    statistics: {},
  });
  for (const name of names) await ask(chain, '/pets', { headers: { 'X-Key': name } }, { publish: true });
  if (chain.statistics === undefined) throw new Error('no statistics');
  const page = analyticsPage(chain.statistics);
  expect(page).not.toMatch(/<script|<img|<b>|<i>/);
  expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
  expect(page).toContain('a&#39;b&#38;c');
  expect(page).toContain('<td>day 10 %</td>');
});
