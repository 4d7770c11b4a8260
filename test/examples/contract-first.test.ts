import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ExampleProcess, OWN_ISSUER } from '../support/example-process.js';
import type { Json } from '../support/gateway-process.js';
import { signedToken } from '../support/signed-token.js';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'packages/cli/dist/main/bin.js');
const DEFINITION = join(ROOT, 'examples/contract-first/orders-api.yaml');
const WRITTEN = parse(readFileSync(DEFINITION, 'utf8'));
const MACHINE_KEY = 'a key for tests';
const ALICE = signedToken('alice', 'orders:read orders:write');
const BOB = signedToken('bob', 'orders:read');
const DAVE = signedToken('dave', 'orders:read orders:write');
const CAROL = signedToken('carol', 'profile');

describe.each(['express', 'fastify'])('examples/contract-first, %s', (name) => {
  let example: ExampleProcess;
  beforeAll(async () => {
    const env = { ...OWN_ISSUER, MACHINE_KEY, ORIGIN: 'https://api.example' };
    example = await ExampleProcess.start(`contract-first/${name}`, env);
  });
  afterAll(async () => {
    expect(await example.stop()).toBe(0);
  });

  /** By a token, or by the key of the machine. */
  async function statusOf(line: string, who?: string): Promise<number> {
    const [method = '', path = ''] = line.split(' ');
    const credential: Record<string, string> = who === 'key' ? { 'x-api-key': MACHINE_KEY } : {};
    const headers = {
      ...credential,
      ...(who && who !== 'key' && { authorization: `Bearer ${who}` }),
      connection: 'close',
    };
    return (await fetch(example.origin + path, { method, headers })).status;
  }

  test('each operation asks for what stands in the definition (OpenAPI 3.1.2 4.8.30)', async () => {
    const reading = await Promise.all([undefined, CAROL, BOB, 'key'].map((who) => statusOf('GET /v1/orders', who)));
    expect(reading).toEqual([401, 403, 200, 200]);
    const adding = await Promise.all([undefined, BOB, 'key'].map((who) => statusOf('POST /v1/orders', who)));
    expect(adding).toEqual([401, 403, 401]);
    expect(await statusOf('GET /v1/orders/7', BOB)).toBe(404);
    expect(await statusOf('GET /v1/orders/7')).toBe(401);
  });

  test('the service works for who may use it', async () => {
    const order = { id: 1, item: 'tea', orderedBy: 'alice' };
    const added = await example.call('POST', '/v1/orders', ALICE, '{"item":"tea"}');
    expect([added.status, await added.json()]).toEqual([201, order]);
    expect((await example.call('POST', '/v1/orders', ALICE, '{"item":7}')).status).toBe(422);
    expect(await (await example.call('GET', '/v1/orders/1', BOB)).json()).toEqual(order);
  });

  test('orders are limited by the rate class that the definition names, each user by itself', async () => {
    const send = () => example.call('POST', '/v1/orders', DAVE, '{"item":7}');
    const answers = await Promise.all(Array.from({ length: 31 }, send));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: 30 }, () => 422), 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"ordering";q=30;w=60');
    expect((await example.call('POST', '/v1/orders', ALICE, '{"item":7}')).status).toBe(422);
  });

  test('sallyport check finds no route without an operation, and no operation without a route', async () => {
    const app = join(ROOT, `examples/contract-first/dist/${name}.js`);
    const args = [BIN, 'check', DEFINITION, '--app', app, '--fail-on', 'note'];
    const env = { ...process.env, ...OWN_ISSUER, MACHINE_KEY, ORIGIN: 'https://api.example' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toMatch(/^no findings in 5 operations and \d+ routes of /);
  });

  test('what the definition does not know is not there for anybody', async () => {
    expect(await statusOf('DELETE /v1/orders', ALICE)).toBe(404);
    expect(await statusOf('GET /orders', ALICE)).toBe(404);
  });

  test('what the definition opens is open', async () => {
    expect(await (await example.call('GET', '/v1/health')).json()).toEqual({ status: 'up' });
  });

  test('clients find the authorization server (RFC 9728 3)', async () => {
    const refused = await example.call('GET', '/v1/orders');
    const [, metadata = ''] = /resource_metadata="([^"]*)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
    const { pathname } = new URL(metadata);
    expect(await (await example.call('GET', pathname)).json()).toMatchObject({
      resource: OWN_ISSUER.AUDIENCE,
      authorization_servers: [OWN_ISSUER.ISSUER],
      scopes_supported: ['orders:read', 'orders:write'],
    });
  });

  test('the definition is served as it is enforced', async () => {
    const { servers, paths, components } = (await (await example.call('GET', '/v1/openapi.json')).json()) as Json;
    expect(servers).toEqual([{ url: 'https://api.example/v1' }]);
    expect(paths['/orders'].get.security).toEqual(WRITTEN.security);
    expect(paths['/health'].get.security).toEqual([]);
    expect(components.securitySchemes).toEqual(WRITTEN.components.securitySchemes);
  });
});
