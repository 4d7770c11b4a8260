import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { MemoryCacheStore, route, routes, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { AuthorizationServer, ask, ManualClock, type RequestParts } from '@sallyport/core/testing';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { accountOf, CHEAP } from './basic/basic-fixture.js';

const outbound = { allowInsecureLoopback: true };
const SECRET = 'a secret that all instances share, 1';

let server: AuthorizationServer;
let clock: ManualClock;
const closing: { close(): unknown }[] = [];
beforeAll(async () => {
  clock = new ManualClock();
  server = await AuthorizationServer.start({ clock });
});
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
});
afterAll(() => server.close());

function introspection(store?: MemoryCacheStore): IntrospectionHandler {
  const { clientId, clientSecret, introspectionEndpoint: endpoint, audience } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  const cache = { ttlSeconds: 60, secret: SECRET };
  const options = { realm: 'api', endpoint, audience, clientAuthentication, cache, outbound };
  return new IntrospectionHandler(options, { clock, store });
}

function jwt(): JwtHandler {
  const { issuer, audience, jwksUri } = server;
  const keys = { jwksUri, outbound };
  return new JwtHandler({ realm: 'api', issuers: [{ issuer, audience, algorithms: 'ES256', keys }] }, { clock });
}

async function basic(): Promise<BasicHandler> {
  const users = new InMemoryUserStore([await accountOf('alice', 'secret')]);
  return new BasicHandler({ realm: 'api', users, hashing: CHEAP }, { clock });
}

/** Operations that take any, a young and no remembered verdict. */
function chainOf(requirement: SecurityHandler): SecurityChain {
  const operations = routes([
    route('GET', '/any'),
    route('GET', '/young', { maxVerdictAgeSeconds: 10 }),
    route('GET', '/none', { maxVerdictAgeSeconds: 0 }),
  ]);
  const chain = new SecurityChain({ requirement, operations }, { clock });
  closing.push(chain);
  return chain;
}

/** How a verdict was found: by a new lookup, or in memory. */
async function cacheStates(chain: SecurityChain, parts: RequestParts, ...paths: readonly string[]) {
  const states = [];
  for (const path of paths) {
    const { status, event } = await ask(chain, `GET ${path}`, parts);
    states.push([status, event.steps[0]?.cache]);
  }
  return states;
}

describe('every handler that remembers keeps to the age that an operation takes', () => {
  test.each<[string, () => Promise<readonly [SecurityHandler, RequestParts]>]>([
    ['introspection', async () => [introspection(), await server.as({ subject: 'alice' }, { opaque: true })]],
    ['JWT', async () => [jwt(), await server.as({ subject: 'alice' })]],
    ['Basic', async () => [await basic(), { basic: ['alice', 'secret'] }]],
  ])('%s', async (_kind, make) => {
    const [handler, parts] = await make();
    const chain = chainOf(handler);
    const [hit, miss] = [
      [200, 'hit'],
      [200, 'miss'],
    ];
    expect(await cacheStates(chain, parts, '/any', '/any', '/young', '/none', '/none')).toEqual([
      miss,
      hit,
      hit,
      miss,
      miss,
    ]);
    clock.pass(10);
    expect(await cacheStates(chain, parts, '/any', '/young', '/young', '/any')).toEqual([hit, miss, hit, hit]);
  });
});

describe('a token that the server has revoked', () => {
  test('is refused at once where nothing remembered is taken, and from then on everywhere', async () => {
    const chain = chainOf(introspection());
    const parts = await server.as({ subject: 'alice' }, { opaque: true });
    expect((await ask(chain, '/any', parts)).status).toBe(200);
    server.revoke(parts.bearer);
    expect((await ask(chain, '/any', parts)).status).toBe(200);
    expect(await ask(chain, '/none', parts)).toMatchObject({ status: 401, reason: 'token_inactive' });
    expect((await ask(chain, '/any', parts)).status).toBe(401);
  });

  test('is refused also where another instance has remembered it', async () => {
    const store = new MemoryCacheStore({}, { clock });
    const [one, other] = [chainOf(introspection(store)), chainOf(introspection(store))];
    const parts = await server.as({ subject: 'alice' }, { opaque: true });
    await ask(one, '/any', parts);
    const calls = server.calls('introspection');
    server.revoke(parts.bearer);
    expect((await ask(other, '/none', parts)).status).toBe(401);
    expect(server.calls('introspection')).toBe(calls + 1);
  });

  test('nobody can tell while the server is away: 503, and not what is remembered', async () => {
    const chain = chainOf(introspection());
    const parts = await server.as({ subject: 'alice' }, { opaque: true });
    await ask(chain, '/any', parts);
    server.breakDown('introspection', { status: 500 });
    expect((await ask(chain, '/none', parts)).status).toBe(503);
    expect((await ask(chain, '/any', parts)).status).toBe(200);
    server.repair();
  });
});

test('a configuration file says it for its chain', async () => {
  const { clientId, clientSecret, introspectionEndpoint: endpoint, audience } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret };
  const tokens = {
    type: 'introspection',
    options: { realm: 'api', endpoint, audience, clientAuthentication, outbound },
  };
  const chain = await chainFrom(
    { handlers: { tokens }, chain: { requirement: 'tokens', maxVerdictAgeSeconds: 0 } },
    { kinds: builtInHandlers, clock },
  );
  closing.push(chain);
  const parts = await server.as({ subject: 'alice' }, { opaque: true });
  expect(await cacheStates(chain, parts, '/', '/')).toEqual([
    [200, 'miss'],
    [200, 'miss'],
  ]);
});
