import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { describe, expect, test } from '@jest/globals';
import { fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { anonymous, onDecision, requireScopes, route, routes } from '@sallyport/core';
import { DemoTokens, demoChain } from './demo-chain.js';
import { closing } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

const tokens = new DemoTokens();
const operations = routes([
  route('GET', '/orders/{id}', { requirement: tokens }),
  route('GET', '/admin', { requirement: tokens, guards: [requireScopes('orders:read')] }),
  route('GET', '/open/{page}', { requirement: anonymous() }),
]);
const chain = demoChain({ requirement: undefined, operations });
const answer = (request: Request) => new Response(principalOf(request).subject || 'nobody');

/** What a handler of the route answers when it is called with this URL. */
async function answered(template: string, path: string, token?: string, allowRewriting = false): Promise<unknown> {
  const secured = fetchSecurity(chain, { allowRewriting }).route(template, answer);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await secured(new Request(`http://localhost${path}`, { headers }));
  return response.ok ? response.text() : response.status;
}

/** The routes of the decisions that it took to run `task`. */
async function decidedRoutes(task: () => Promise<unknown>): Promise<readonly (string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  const stop = onDecision((event) => seen.push(event.operation));
  await task();
  stop();
  return seen;
}

describe('a fetch handler whose route is named (Next.js gives it the URL as it was received)', () => {
  test.each<[string, string, string, string | undefined, unknown]>([
    ['a token is asked for', '/orders/{id}', '/orders/7', undefined, 401],
    ['a token is enough', '/orders/{id}', '/orders/7', 'now.alice', 'alice'],
    ['a token that is checked later is enough', '/orders/{id}', '/orders/7', 'later.alice', 'alice'],
    ['behind an open path, the route is asked all the same', '/orders/{id}', '/open/1', undefined, 401],
    ['behind an open path, a caller of the route is let in', '/orders/{id}', '/open/1', 'now.alice', 'alice'],
    ['behind a path of more scopes, these are asked, too', '/orders/{id}', '/admin', 'now.bob', 403],
    ['an open route behind a path that is not open is not open', '/open/{page}', '/orders/7', undefined, 401],
    ['behind a path that nobody declared, nobody is let in', '/orders/{id}', '/rewritten', 'now.alice', 404],
    ['a route that nobody declared is not let in as its path', '/others', '/open/1', 'now.alice', 404],
  ])('%s', async (_, template, path, token, outcome) => {
    expect(await answered(template, path, token)).toBe(outcome);
  });

  test.each([
    ['/orders/{id}', '/rewritten', 'now.alice', 'alice'],
    ['/orders/{id}', '/open/1', undefined, 401],
    ['/open/{page}', '/orders/7', undefined, 'nobody'],
  ])('where rewriting is allowed, the route decides alone: %s at %s', async (template, path, token, outcome) => {
    expect(await answered(template, path, token, true)).toBe(outcome);
  });

  test('one decision is enough where the path and the route mean the same operation', async () => {
    expect(await decidedRoutes(() => answered('/orders/{id}', '/orders/7', 'now.alice'))).toHaveLength(1);
    expect(await decidedRoutes(() => answered('/orders/{id}', '/open/1', 'now.alice'))).toHaveLength(2);
  });

  test('so it is where Node tells the request', async () => {
    const fetchHandler = fetchSecurity(chain).route('/orders/{id}', answer);
    const server = serve({ fetch: fetchHandler, port: 0, hostname: '127.0.0.1' });
    await once(server, 'listening');
    const { port, close } = closing(server as Server);
    const statusOf = async (path: string, lines: string[] = []) =>
      (await ask(port, 'http', requestText('GET', path, lines))).status;
    const alice = ['Authorization: Bearer now.alice'];
    expect([await statusOf('/open/1'), await statusOf('/orders/7'), await statusOf('/orders/7', alice)]).toEqual([
      401, 401, 200,
    ]);
    await close();
  });

  test.each(['orders', '', 7])('%j is no template', (template) => {
    expect(() => fetchSecurity(chain).route(template as string, answer)).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});

/** As much of the class of Next.js as tells it. */
class NextRequest extends Request {
  get nextUrl(): URL {
    return new URL(this.url);
  }
}

describe('a fetch handler of Next.js whose route is not named', () => {
  const asked = () => new NextRequest('http://localhost/open/1', { headers: { authorization: 'Bearer now.alice' } });

  test('is not let in by its URL where operations are declared, and events say why', async () => {
    const seen: (string | undefined)[] = [];
    const stop = onDecision((event) => seen.push(event.route));
    const { status } = await fetchSecurity(chain)(answer)(asked());
    stop();
    expect([status, ...seen]).toEqual([404, '(a route of Next.js that is not named)']);
  });

  test('is judged where one requirement is for everything, where its route is named, or rewriting is allowed', async () => {
    const handlers = [
      fetchSecurity(demoChain())(answer),
      fetchSecurity(chain).route('/open/{page}', answer),
      fetchSecurity(chain, { allowRewriting: true })(answer),
    ];
    const texts = await Promise.all(handlers.map(async (handler) => (await handler(asked())).text()));
    expect(texts).toEqual(['alice', 'nobody', 'nobody']);
  });
});
