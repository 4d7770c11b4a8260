import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  container,
  type DependencyContainer,
  Lifecycle,
  registerSecurity,
  resolveChain,
  scoped,
  tokens,
} from '@sallyport/configuration/tsyringe';
import { anyOf } from '@sallyport/core';
import { AuthorizationServer, ask, type BearerParts, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { heldBytes, heldOf, usedBytes } from '../support/held-memory.js';
import { loggingHandler } from './partner-handlers.js';

const CHAINS = 1_000;
/** By then everything is loaded, and what is made once has been made. */
const WARM_UP = 200;
/** The engine's own lists of weak references and compiled code grow by some 200 bytes a chain; an object left shows. */
const TOLERATED_BYTES = 900 * (CHAINS - WARM_UP);

const turn = () => new Promise((resolve) => setImmediate(resolve));

@scoped(Lifecycle.ContainerScoped)
class Connection {
  dispose(): void {}
}

const clock = new ManualClock();
let server: AuthorizationServer;
/** Its chains have only handlers of their own; those of the other open connections. */
let plain: DependencyContainer;
let networked: DependencyContainer;
let tokensOfAlice: readonly BearerParts[];

beforeAll(async () => {
  server = await AuthorizationServer.start({ clock });
  tokensOfAlice = [await server.as({ subject: 'alice' }), await server.as({ subject: 'alice' }, { opaque: true })];
  const { issuer, audience, jwksUri, introspectionEndpoint, clientId, clientSecret } = server;
  const outbound = { allowInsecureLoopback: true };
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  const issuers = [{ issuer, audience, algorithms: 'ES256', keys: { jwksUri, outbound } }] as const;
  const app = container.createChildContainer();
  registerSecurity(app, {
    clock,
    kinds: builtInHandlers,
    handlers: {
      signed: { type: 'jwt', options: { realm: 'r', issuers } },
      opaque: {
        type: 'introspection',
        options: { realm: 'r', endpoint: introspectionEndpoint, clientAuthentication, outbound, fallback: true },
      },
      inner: { useFactory: () => loggingHandler('inner', []) },
      own: {
        useFactory: (_options, { get }) => {
          get(tokens.handlers)('inner');
          get(Connection as never);
          return loggingHandler('own', []);
        },
      },
    },
  });
  plain = app.createChildContainer();
  registerSecurity(plain, { chain: (handler) => ({ requirement: handler('own') }) });
  networked = app.createChildContainer();
  registerSecurity(networked, {
    chain: (handler) => ({ requirement: anyOf(...['signed', 'opaque', 'own'].map(handler)) }),
  });
});

afterAll(() => server.close());

/** Both ends of a connection are in this process; the server hears of the end a little later. */
async function settled(resources: () => number, most: number): Promise<number> {
  for (let turns = 0; turns < 200 && resources() > most; turns += 1) await turn();
  return resources();
}

const activeResources = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;

test('1 000 chains, built, started, used and closed, leave no handle, nothing scheduled and no memory behind', async () => {
  const left: WeakRef<object>[] = [];
  const before = activeResources();
  let warmBytes = 0;
  for (let round = 0; round < CHAINS; round += 1) {
    if (round === WARM_UP) {
      await turn();
      warmBytes = usedBytes();
    }
    const isNetworked = round % 5 === 0;
    const scope = isNetworked ? networked : plain;
    const chain = await resolveChain(round % 2 === 0 ? scope : scope.createChildContainer());
    await chain.start();
    const request = isNetworked ? tokensOfAlice[round % 2] : { headers: { 'x-own': '1' } };
    const { status } = await ask(chain, '/', request);
    if (status !== 200) throw new Error(`request ${round} came to ${status}`);
    await chain.close();
    left.push(new WeakRef(chain), ...chain.handlers.map((handler) => new WeakRef<object>(handler)));
  }
  expect(clock.waiting).toBe(0);
  expect(await settled(activeResources, before)).toBeLessThanOrEqual(before);
  expect(await heldOf(left)).toEqual([]);
  left.length = 0;
  expect((await heldBytes(warmBytes + TOLERATED_BYTES)) - warmBytes).toBeLessThanOrEqual(TOLERATED_BYTES);
}, 60_000);
