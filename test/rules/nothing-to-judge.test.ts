import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { upgradeSecurity } from '@sallyport/adapters/http';
import { authenticated, createPrincipal, type Decider, denied, headerHandler, unavailable } from '@sallyport/core';
import type { CacheStore, CounterStore, OnceStore } from '@sallyport/core/extend';
import {
  type AdapterUnderTest,
  adapterRules,
  cacheStoreRules,
  counterStoreRules,
  type HandlerCases,
  handlerRules,
  onceStoreRules,
  type Rule,
} from '@sallyport/core/testing';
import { CASES, GoodHandler } from './bad-handlers.js';

/** What each rule says, all at once: some of them wait. */
function saidBy(rules: readonly Rule[]): Promise<readonly string[]> {
  const said = async ({ id, check }: Rule) =>
    check().then(
      () => `${id}: kept`,
      (error: Error) => `${id}: ${error.message}`,
    );
  return Promise.all(rules.map(said));
}

const opened = <Store>(store: Store) => ({ store, pass: () => {} });
const silent = () => new Promise<never>(() => {});
const unreachable = async () => {
  throw new Error('no connection');
};

/** Each makes the rules of all three kinds of stores. */
function rulesOfStores(call: () => Promise<never>): readonly Rule[] {
  return [
    ...cacheStoreRules(() => opened<CacheStore>({ get: call, set: call, delete: call })),
    ...counterStoreRules(() => opened<CounterStore>({ get: call, add: call, reset: call })),
    ...onceStoreRules(() => opened<OnceStore>({ mark: call })),
  ];
}

/** A server that does this with each connection and each thing that comes over it. */
async function serving(answer: (socket: Socket) => void): Promise<AdapterUnderTest> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Refuses upgrades, and ends no connection. */
async function clinging(decider: Decider): Promise<AdapterUnderTest> {
  const server = createHttpServer();
  const secured = upgradeSecurity(decider)(() => {});
  server.on('upgrade', (request, socket, head) => {
    const open = Object.assign(socket, { end: () => socket, destroySoon: () => {} });
    secured(request, open, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

describe('every rule fails where it has nothing to judge, and says why', () => {
  test.concurrent('a store that never answers', async () => {
    for (const said of await saidBy(rulesOfStores(silent))) {
      expect(said).toMatch(/: (?:get|set|add|reset|mark)\(".*\) did not answer within 2000 ms$/);
    }
  });

  test.concurrent('a store that cannot be reached', async () => {
    for (const said of await saidBy(rulesOfStores(unreachable))) {
      expect(said).toMatch(/: (?:get|set|add|reset|mark)\(".*\) threw Error: no connection$/);
    }
  });

  test.concurrent('a store without one of its methods, and none at all', async () => {
    const half = () => opened({ get: silent, set: silent } as unknown as CacheStore);
    for (const said of await saidBy(cacheStoreRules(half)))
      expect(said).toMatch(/: the store has no method delete\(\)$/);
    const none = () => undefined as never;
    for (const said of await saidBy(counterStoreRules(none))) {
      expect(said).toMatch(/: the function opened no store: it needs store and pass\(\)$/);
    }
  });

  test.concurrent('a server that never answers', async () => {
    const rules = adapterRules(() => serving(() => {}), { upgrades: true });
    for (const said of await saidBy(rules)) {
      expect(said).toMatch(/: there was no answer within 4000 ms; what came was ""$|was not asked|was taken/);
    }
  });

  test.concurrent('a server that ends every connection', async () => {
    const rules = adapterRules(() => serving((socket) => socket.end()), { upgrades: true });
    for (const said of await saidBy(rules)) {
      expect(said).toMatch(/ended without an answer; what came was ""$|was not asked|was taken/);
    }
  });

  test.concurrent('a server that speaks no TLS', async () => {
    const first = (protocol: 'https' | 'h2') => adapterRules(() => serving(() => {}), { protocol }).slice(0, 1);
    for (const said of await saidBy([...first('https'), ...first('h2')])) {
      expect(said).toMatch(/: no connection was made: there was no answer within 4000 ms$/);
    }
  });

  test.concurrent('a server that leaves the connection of a refused upgrade open', async () => {
    const rules = adapterRules((decider) => clinging(decider), { upgrades: true }).filter(
      ({ id }) => id === 'upgrades',
    );
    expect(await saidBy(rules)).toEqual(['upgrades: the connection of a refused upgrade stayed open']);
  });

  test('a function that opens no server', async () => {
    const rules = adapterRules(() => undefined as never).filter(({ id }) => id !== 'deciders-only');
    for (const said of await saidBy(rules)) {
      expect(said).toMatch(/: the function opened no server: it needs port and close\(\)$/);
    }
  });
});

describe('cases of a handler that prove nothing break a rule', () => {
  const keys = new Map([['key', 'alice']]);
  const short = () =>
    headerHandler({
      name: 'key',
      header: 'X-Key',
      verify: (key) => (keys.has(key) ? { subject: keys.get(key) as string } : denied('key_unknown')),
    });
  const down = () =>
    headerHandler({
      name: 'key',
      header: 'X-Key',
      verify: (key) =>
        key === 'key' ? authenticated(createPrincipal({ subject: 'alice' })) : unavailable('store_down'),
    });
  const sent = (key: string) => ({ headers: { 'X-Key': key } });

  test.each<[string, readonly Rule[], string]>([
    [
      'credentials that are too short to be found in what is shown',
      handlerRules(short, { accepted: [sent('key')], refused: [sent('yek')] }),
      'no-secret-shown: no credential of the cases has 8 characters',
    ],
    [
      'a refusal that is an outage',
      handlerRules(down, { accepted: [sent('key')], refused: [sent('another key')] }),
      'one-verdict: refused[0]: nobody was refused, because the verdict was unavailable (store_down)',
    ],
    [
      'a credential of somebody else as the one that waits',
      handlerRules(() => new GoodHandler(), { ...CASES, stalled: { bearer: 'not-of-this-handler' } } as HandlerCases),
      'ends-with-request: stalled: the handler did not take its credential',
    ],
    [
      'a credential that throws only as the one that waits',
      handlerRules(() => new Fragile(), CASES),
      'extract-never-throws: stalled: extract() failed with Error: never seen before, at Fragile.extract',
    ],
  ])('%s', async (_what, rules, told) => {
    expect(await saidBy(rules)).toContainEqual(expect.stringContaining(told));
  });
});

class Fragile extends GoodHandler {
  override extract(...given: Parameters<GoodHandler['extract']>): string | undefined {
    const key = super.extract(...given);
    if (key?.endsWith('nobody')) throw new Error('never seen before');
    return key;
  }
}
