import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ExampleProcess, OWN_ISSUER } from '../support/example-process.js';
import { signedToken } from '../support/signed-token.js';

const ALICE = signedToken('alice', 'orders:read orders:write');
const BOB = signedToken('bob', 'orders:read');
const PARTNER = { 'x-partner-key': 'key-of-the-web-shop' };

describe.each(['express', 'fastify'])('examples/nest on %s', (platform) => {
  let example: ExampleProcess;
  beforeAll(async () => {
    const env = { ...OWN_ISSUER, PLATFORM: platform, PARTNER_KEY: PARTNER['x-partner-key'] };
    example = await ExampleProcess.start('nest/main', env);
  });
  afterAll(async () => {
    // Nest closes the application, and then lets the signal end the process.
    expect(await example.stop()).toBeNull();
  });
  const asPartner = async (path: string, headers: Record<string, string> = PARTNER) => {
    const answer = await fetch(example.origin + path, { headers: { ...headers, connection: 'close' } });
    return [answer.status, await answer.json()];
  };

  test('what is public is open to everybody', async () => {
    expect(await asPartner('/orders/health', {})).toEqual([200, { status: 'up' }]);
  });

  test('tokens and keys of partners read orders, and nobody else does', async () => {
    expect((await example.call('GET', '/orders', BOB)).status).toBe(200);
    expect(await asPartner('/orders')).toEqual([200, []]);
    expect(await asPartner('/orders', { 'x-partner-key': 'a guess' })).toMatchObject([401, { status: 401 }]);
    const refused = await example.call('GET', '/orders');
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="orders", scope="orders:read", Partner realm="orders"',
    );
  });

  test('ordering needs a token with its scope', async () => {
    expect((await example.call('POST', '/orders', BOB, '{"item":"tea"}')).status).toBe(403);
    const ordered = await example.call('POST', '/orders', ALICE, '{"item":"tea"}');
    expect([ordered.status, await ordered.json()]).toEqual([201, { id: 1, item: 'tea', orderedBy: 'alice' }]);
  });

  test('an unknown path is not told to callers without a credential', async () => {
    expect([(await example.call('GET', '/admin')).status, (await example.call('GET', '/admin', BOB)).status]).toEqual([
      401, 404,
    ]);
  });
});
