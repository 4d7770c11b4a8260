import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type FetchSecurityOptions, fetchSecurity } from '@sallyport/adapters/fetch';
import { SecurityChain, type SecurityHandler } from '@sallyport/core';
import { challenge, type SecurityRequest } from '@sallyport/core/extend';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { Hono } from 'hono';
import { clientAddress } from '../../packages/adapters/src/proxies/client-address.js';

const CLIENT = '198.51.100.7';

let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What servers of other runtimes pass besides the request. */
const DENO = { remoteAddr: { transport: 'tcp', hostname: CLIENT, port: 4711 } };
const BUN = { requestIP: (_request: Request) => ({ address: CLIENT, family: 'IPv4', port: 4711 }) };

/** A chain that notes from where requests come. */
function noting(): { chain: SecurityChain; seen: (string | undefined)[] } {
  const seen: (string | undefined)[] = [];
  const requirement: SecurityHandler = {
    name: 'key',
    challenges: [challenge('Key')],
    extract: (request: SecurityRequest) => {
      seen.push(request.remoteAddress);
      return undefined;
    },
    verify: () => {
      throw new Error('not asked');
    },
  };
  return { chain: new SecurityChain({ requirement }), seen };
}

const asked = (headers: Record<string, string> = {}) => new Request('http://localhost/', { headers });

describe('remoteAddress tells a fetch server from where a request comes', () => {
  test.each<[string, FetchSecurityOptions['remoteAddress'], unknown[], Record<string, string>]>([
    ['Deno, by itself', undefined, [DENO], {}],
    ['Deno', (_: Request, info: typeof DENO) => info.remoteAddr.hostname, [DENO], {}],
    ['Bun, by itself', undefined, [BUN], {}],
    ['Bun', (request: Request, server: typeof BUN) => server.requestIP(request)?.address, [BUN], {}],
    ['Workers, by a header', { header: 'CF-Connecting-IP' }, [{}, {}], { 'cf-connecting-ip': CLIENT }],
    ['Workers', (request) => request.headers.get('cf-connecting-ip'), [{}, {}], { 'cf-connecting-ip': CLIENT }],
  ])('as on %s, wrapped and in Hono', async (_, remoteAddress, rest, headers) => {
    const { chain, seen } = noting();
    const secure = fetchSecurity(chain, { remoteAddress });
    await secure<unknown[]>(() => new Response())(asked(headers), ...rest);
    const app = new Hono();
    app.use(secure.middleware());
    await app.fetch(asked(headers), rest[0] as object);
    expect(seen).toEqual([CLIENT, CLIENT]);
    expect(warnings).toEqual([]);
  });

  test('behind proxies, where X-Forwarded-For tells less than trustedHops want', async () => {
    const { chain, seen } = noting();
    const handler = fetchSecurity(chain, { trustedHops: 1, remoteAddress: () => CLIENT })(() => new Response());
    await handler(asked({ 'x-forwarded-for': '203.0.113.9' }));
    await handler(asked());
    expect(seen).toEqual(['203.0.113.9', CLIENT]);
  });

  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'returned none'],
    ['a host and port', () => `${CLIENT}:4711`, 'returned none'],
    ['an object', () => ({ address: CLIENT }), 'returned none'],
    [
      'a throw',
      () => {
        throw new Error('secret-in-a-message');
      },
      'threw',
    ],
  ])('%s is no address, and is told once', async (_, remoteAddress, said) => {
    const { chain, seen } = noting();
    const options = { remoteAddress: remoteAddress as () => string };
    const handler = fetchSecurity(chain, options)(() => new Response());
    for (let request = 0; request < 3; request += 1) expect((await handler(asked())).status).toBe(401);
    expect(seen).toEqual([undefined, undefined, undefined]);
    expect(warnings).toEqual([expect.stringContaining(said)]);
    expect(warnings.join()).not.toContain('secret');
  });

  test('without it no address is known, which is told once, when somebody asks for it', async () => {
    const { chain, seen } = noting();
    const handler = fetchSecurity(chain)(() => new Response());
    expect(warnings).toEqual([]);
    for (let request = 0; request < 3; request += 1) await handler(asked());
    expect(seen).toEqual([undefined, undefined, undefined]);
    expect(warnings).toEqual([expect.stringContaining('remoteAddress')]);
  });

  test('no header is read that is not named, and none that has two addresses', async () => {
    const { chain, seen } = noting();
    const sent = { 'cf-connecting-ip': `203.0.113.9, ${CLIENT}` };
    await fetchSecurity(chain)(() => new Response())(asked({ 'cf-connecting-ip': CLIENT }));
    await fetchSecurity(chain, { remoteAddress: { header: 'CF-Connecting-IP' } })(() => new Response())(asked(sent));
    expect(seen).toEqual([undefined, undefined]);
  });

  test.each([CLIENT, {}, { header: 'Authorization' }, { header: 'X-IP', trusted: true }])(
    '%j is refused at the start',
    (remoteAddress) => {
      const options = { remoteAddress } as unknown as FetchSecurityOptions;
      expect(() => fetchSecurity(noting().chain, options)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_/) }),
      );
    },
  );
});

test("anybody's wrong passwords shut nobody out where no address is known, and count by network where one is", async () => {
  const hashing = { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 } as const;
  const users = new InMemoryUserStore([{ name: 'alice', hash: await hashPassword('right', hashing) }]);
  const failures = { perNetwork: 20 };
  const served = (options: FetchSecurityOptions) => {
    const handler = new BasicHandler({ realm: 'test', users, hashing, failures });
    const handle = fetchSecurity(new SecurityChain({ requirement: handler }), options)<unknown[]>(() => new Response());
    return async (userName: string, password: string, from: string) => {
      const headers = { authorization: `Basic ${btoa(`${userName}:${password}`)}` };
      return (await handle(new Request('http://localhost/', { headers }), from)).status;
    };
  };
  for (const [options, last] of [
    [{}, 401],
    [{ remoteAddress: (_: Request, from: string) => from }, 429],
  ] as const) {
    const login = served(options as FetchSecurityOptions);
    expect(await login('alice', 'right', CLIENT)).toBe(200);
    for (let guess = 0; guess < 20; guess += 1) expect(await login(`nobody ${guess}`, 'x', '203.0.113.9')).toBe(401);
    expect(await login('one more', 'x', '203.0.113.9')).toBe(last);
    expect(await login('alice', 'right', CLIENT)).toBe(200);
  }
});

test.each(['unknown', '192.0.2.9:http', '', '_hidden'])(
  'what a proxy forwards as an address is one: %j is none',
  (sent) => {
    expect(clientAddress('192.0.2.1', ['X-Forwarded-For', sent], 1)).toBe('192.0.2.1');
  },
);
