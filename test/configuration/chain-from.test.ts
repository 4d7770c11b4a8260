import { describe, expect, test } from '@jest/globals';
import { type ChainServices, chainFrom } from '@sallyport/configuration';
import {
  ConfigurationError,
  type DecisionEvent,
  forbidden,
  guard,
  MemoryCacheStore,
  type SecurityChain,
} from '@sallyport/core';
import type { CacheStore, CounterStore, HandlerKind, Kinds } from '@sallyport/core/extend';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { DpopClient, EXTERNAL_URL, TOKEN_KEY } from '../handlers/dpop/dpop-fixture.js';
import { AUDIENCE, ISSUER } from '../handlers/jwt/jwt-fixture.js';
import { fromStripe, SECRET } from '../handlers/webhook/deliveries.js';
import { badge, badgeHandler, memoryCounters, memoryStore, notedBadge, officeHours } from './application-kinds.js';

const KINDS: Kinds = { ...builtInHandlers, badge, officeHours, memory: memoryStore(), counters: memoryCounters() };
const DOORS = { type: 'badge', options: { secret: 'badge-0001' } };
const withBadge = (sent = 'badge-0001') => ({ headers: { 'x-badge': sent } });

async function decided<Value>(
  configuration: object,
  services: Partial<ChainServices>,
  run: (chain: SecurityChain) => Value,
) {
  const chain = await chainFrom(configuration, { kinds: KINDS, ...services });
  try {
    return await run(chain);
  } finally {
    await chain.close();
  }
}

async function errorOf(configuration: object, services: Partial<ChainServices> = {}): Promise<ConfigurationError> {
  try {
    await (await chainFrom(configuration, { kinds: KINDS, ...services })).close();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A chain of one handler, made by this row. */
const errorOfRow = (row: Kinds[string]) =>
  errorOf({ handlers: { doors: { type: 'own' } }, chain: { requirement: 'doors' } }, { kinds: { own: row } });

describe('a chain from an object', () => {
  test('decides as its configuration says', async () => {
    const configuration = { handlers: { doors: DOORS }, chain: { name: 'house', requirement: 'doors' } };
    await decided(configuration, {}, async (chain) => {
      expect(chain.name).toBe('house');
      expect((await ask(chain, '/', withBadge())).principal?.subject).toBe('alice');
      expect((await ask(chain, '/', withBadge('wrong'))).status).toBe(401);
      expect((await ask(chain)).challenges).toEqual(['Badge realm="doors"']);
    });
  });

  test('takes the built-in kinds by their names', async () => {
    const users = { type: 'basic', options: { realm: 'r', users: { accounts: [] } } };
    await decided({ handlers: { users }, chain: { requirement: 'users' } }, {}, async (chain) => {
      expect((await ask(chain)).challenges).toEqual(['Basic realm="r", charset="UTF-8"']);
    });
  });

  test('builds two handlers of one kind, each with its own options', async () => {
    const guests = { type: 'badge', options: { header: 'x-guest', secret: 'guest-0001', subject: 'bob' } };
    const configuration = {
      handlers: { doors: DOORS, guests },
      chain: { requirement: { anyOf: ['doors', 'guests'] } },
    };
    await decided(configuration, {}, async (chain) => {
      expect((await ask(chain, '/', withBadge())).principal?.via).toMatchObject([{ handler: 'doors' }]);
      const answer = await ask(chain, '/', { headers: { 'x-guest': 'guest-0001' } });
      expect(answer.principal?.via).toMatchObject([{ handler: 'guests' }]);
    });
  });

  test('reads references to the environment', async () => {
    const doors = { type: 'badge', options: { secret: `\${BADGE}` } };
    const environment = { BADGE: 'from-the-environment' };
    await decided({ handlers: { doors }, chain: { requirement: 'doors' } }, { environment }, async (chain) => {
      expect((await ask(chain, '/', withBadge('from-the-environment'))).status).toBe(200);
    });
  });

  test('calls the listeners of its decisions', async () => {
    const heard: string[] = [];
    const services = { decisionListeners: [(event: DecisionEvent) => heard.push(event.chain)] };
    await decided({ chain: { name: 'open', requirement: { anonymous: true } } }, services, async (chain) => {
      await chain.decide(buildRequest('GET /'));
      expect(heard).toEqual(['open']);
    });
  });

  test('leaves the object as it is', async () => {
    const configuration = Object.freeze({
      handlers: Object.freeze({ doors: Object.freeze(DOORS) }),
      chain: { requirement: 'doors' },
    });
    const before = structuredClone(configuration);
    await decided(configuration, {}, () => expect(configuration).toEqual(before));
  });
});

describe('a guard of the application is one row', () => {
  const chainWith = (guards: readonly unknown[]) => ({
    handlers: { doors: DOORS },
    chain: { requirement: 'doors', guards },
  });

  test.each([
    ['by its name', 'officeHours', 200],
    ['with options', { type: 'officeHours', options: { from: 8, to: 9 } }, 200],
    ['with options that refuse now', { type: 'officeHours', options: { from: 9 } }, 401],
  ])('%s', async (_name, named, status) => {
    await decided(chainWith([named]), { clock: new ManualClock() }, async (chain) => {
      expect((await ask(chain, '/', withBadge())).status).toBe(status);
    });
  });

  test('its wrong option is told by its place', async () => {
    const error = await errorOf(chainWith([{ type: 'officeHours', options: { form: 9 } }]));
    expect(error.message).toBe('configuration.chain.guards[0].options has no option "form"; did you mean from?');
  });

  test.each([
    ['that is not there', 'officeHour', 'must be a kind of guard: officeHours; did you mean officeHours?'],
    ['that is a handler', 'badge', 'must be a kind of guard: officeHours'],
    ['beside a word', { type: 'officeHours', requireScopes: 'a' }, 'has no option "requireScopes"'],
  ])('one %s is refused', async (_name, named, message) => {
    expect((await errorOf(chainWith([named]))).message).toContain(`configuration.chain.guards[0] ${message}`);
  });

  test('a kind that makes no guard is refused', async () => {
    const kinds = { badge, empty: { guard: () => undefined as never } };
    expect((await errorOf(chainWith(['empty']), { kinds })).message).toMatch(/guards\[0\] is no guard/);
  });

  test('a function of the application is a guard', async () => {
    const kinds = { badge, never: { guard: () => guard('never', () => forbidden('never')) } };
    await decided(chainWith(['never']), { kinds }, async (chain) => {
      expect(await ask(chain, '/', withBadge())).toMatchObject({ status: 403, reason: 'never' });
    });
  });
});

describe('a store of the application is one row', () => {
  const chainWith = (stores: object) => ({
    stores,
    handlers: { doors: { type: 'seeing' } },
    chain: { requirement: 'doors' },
  });
  const seeing = (
    seen: (stores: { cacheStore: CacheStore | undefined; counterStore: CounterStore | undefined }) => void,
  ) =>
    ({
      handler(options, { name, cacheStore, counterStore }) {
        seen({ cacheStore, counterStore });
        return badgeHandler(name, options);
      },
    }) satisfies HandlerKind;

  test('the webhook handler marks deliveries in it', async () => {
    const marks: string[] = [];
    const once = { store: () => ({ mark: (key: string) => marks.push(key) === 1 }) } satisfies Kinds[string];
    const now = new ManualClock().now() / 1_000;
    const configuration = {
      stores: { once: { type: 'once' } },
      handlers: { stripe: { type: 'webhook', options: { scheme: 'stripe', secrets: [SECRET] } } },
      chain: { requirement: 'stripe' },
    };
    await decided(configuration, { kinds: { ...builtInHandlers, once }, clock: new ManualClock() }, async (chain) => {
      const delivery = { headers: fromStripe('{}', now, SECRET), body: '{}' };
      expect((await ask(chain, 'POST /', delivery)).status).toBe(200);
      expect((await ask(chain, 'POST /', delivery)).reason).toBe('webhook_replayed');
      expect(marks).toHaveLength(2);
    });
  });

  test('the JWT handler marks DPoP proofs in it', async () => {
    const marks: string[] = [];
    const once = { store: () => ({ mark: (key: string) => marks.push(key) === 1 }) } satisfies Kinds[string];
    const { publicKey, kid } = TOKEN_KEY;
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
    const issuers = [{ issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys: { publicKey: pem, kid } }];
    const dpop = { externalUrl: EXTERNAL_URL, nonce: 'never' };
    const configuration = {
      stores: { once: { type: 'once' } },
      handlers: { tokens: { type: 'jwt', options: { realm: 'orders', issuers, dpop } } },
      chain: { requirement: 'tokens' },
    };
    await decided(configuration, { kinds: { ...builtInHandlers, once }, clock: new ManualClock() }, async (chain) => {
      const owner = new DpopClient();
      const token = owner.token();
      const sent = { headers: { Authorization: `DPoP ${token}`, DPoP: owner.proof(token) } };
      expect((await ask(chain, 'GET /orders', sent)).status).toBe(200);
      expect(marks).toHaveLength(1);
      const other = { headers: { Authorization: `DPoP ${token}`, DPoP: owner.proof(token) } };
      expect((await ask(chain, 'GET /orders', other)).reason).toBe('dpop_proof_replayed');
    });
  });

  test('handlers get it, and no other', async () => {
    let cache: CacheStore | undefined;
    const row = seeing((stores) => {
      cache = stores.cacheStore;
      expect(stores.counterStore).toBeUndefined();
    });
    const stores = { cache: { type: 'memory', options: { maxEntries: 5 } } };
    await decided(chainWith(stores), { kinds: { ...KINDS, seeing: row } }, () => {
      expect(cache).toBeInstanceOf(MemoryCacheStore);
    });
  });

  test.each([
    [
      'a wrong option',
      { cache: { type: 'memory', options: { maxEntry: 5 } } },
      'cache.options has no option "maxEntry"',
    ],
    [
      'an unknown kind',
      { cache: { type: 'memry' } },
      'cache.type must be a kind of store: memory, counters; did you mean',
    ],
    ['a store of counts as the cache', { cache: { type: 'counters' } }, 'cache must have a method set()'],
    ['a cache as the store of counts', { counter: { type: 'memory' } }, 'counter must have a method add()'],
    ['an unknown job', { session: { type: 'memory' } }, ' has no option "session"'],
  ])('%s is told by its place', async (_name, stores, message) => {
    const error = await errorOf(chainWith(stores), { kinds: { ...KINDS, seeing: seeing(() => {}) } });
    expect(error.message).toContain(`configuration.stores${message.startsWith(' ') ? '' : '.'}${message}`);
  });

  test('what the application gives itself, the file must not name', async () => {
    const error = await errorOf(chainWith({ cache: { type: 'memory' } }), {
      kinds: { ...KINDS, seeing: seeing(() => {}) },
      cacheStore: new MemoryCacheStore(),
    });
    expect(error.message).toMatch(/^configuration\.stores\.cache must be absent: the application gives this store/);
  });

  test('a store that was made before something failed is closed', async () => {
    const log: string[] = [];
    const kinds = { ...KINDS, memory: memoryStore(log), seeing: seeing(() => {}) };
    await errorOf(chainWith({ cache: { type: 'memory' }, counter: { type: 'memory' } }), { kinds });
    await errorOf({ ...chainWith({ cache: { type: 'memory' } }), chain: { requirement: 'nobody' } }, { kinds });
    expect(log).toEqual(['cache closes', 'cache closes']);
  });
});

describe('a handler may use another of the same chain', () => {
  const wrapping = (other: string): HandlerKind => ({
    handler: (_options, { name, handler }) => ({ ...handler(other), name }),
  });
  const ofPair = (kinds: Kinds, requirement: unknown = 'outer') =>
    errorOf({ handlers: { outer: { type: 'outer' }, inner: { type: 'inner' } }, chain: { requirement } }, { kinds });

  test('which is started with the chain, and closed after it', async () => {
    const log: string[] = [];
    const kinds: Kinds = {
      inner: notedBadge(log),
      outer: {
        handler(options, { name, handler }) {
          const { extract, verify } = handler('inner');
          const steps = {
            start: async () => void log.push('outer starts'),
            close: async () => void log.push('outer closes'),
          };
          return { ...badgeHandler(name, options, steps), extract, verify } as never;
        },
      },
    };
    const configuration = {
      handlers: { outer: { type: 'outer' }, inner: { type: 'inner' } },
      chain: { requirement: 'outer' },
    };
    const chain = await chainFrom(configuration, { kinds });
    await chain.start();
    expect((await ask(chain, '/', withBadge())).status).toBe(200);
    await chain.close();
    expect(log).toEqual(['inner starts', 'outer starts', 'outer closes', 'inner closes']);
  });

  test('one that needs itself is refused, with the circle', async () => {
    const error = await ofPair({ outer: wrapping('inner'), inner: wrapping('outer') });
    expect(error.message).toContain('needs itself to be built: "outer" needs "inner" needs "outer"');
  });

  test('one that is not there is told where it was asked for', async () => {
    const error = await ofPair({ outer: wrapping('innr'), inner: badge });
    expect(error.message).toBe(
      'configuration.handlers.outer needs the handler "innr", which is not there; did you mean inner?',
    );
  });

  test('the error of the other one is told as it is', async () => {
    const broken: HandlerKind = {
      options: { owner: 'BadgeOptions' },
      handler: (_options, { name }) => badgeHandler(name, { heder: 'a' } as never),
    };
    expect((await ofPair({ outer: wrapping('inner'), inner: broken })).message).toBe(
      'configuration.handlers.inner.options has no option "heder"; did you mean header?',
    );
  });
});

describe('a chain owns what was built for it', () => {
  const configuration = {
    stores: { cache: { type: 'memory' }, counter: { type: 'counters' } },
    handlers: { doors: { type: 'noted' } },
    chain: { requirement: 'doors' },
  };
  const kindsOf = (log: string[], steps = {}) => ({
    memory: memoryStore(log),
    counters: memoryCounters(log),
    noted: notedBadge(log, steps),
  });

  test('it closes its handlers, then its stores, once', async () => {
    const log: string[] = [];
    const chain = await chainFrom(configuration, { kinds: kindsOf(log) });
    await Promise.all([chain.start(), chain.start()]);
    await Promise.all([chain.close(), chain.close()]);
    expect(log).toEqual(['doors starts', 'doors closes', 'cache closes', 'counter closes']);
  });

  test('a start that fails closes all of it', async () => {
    const log: string[] = [];
    const start = () => {
      throw new Error('no keys');
    };
    const chain = await chainFrom(configuration, { kinds: kindsOf(log, { start }) });
    await expect(chain.start()).rejects.toThrow('no keys');
    await chain.close();
    expect(log).toEqual(['doors starts', 'doors closes', 'cache closes', 'counter closes']);
  });

  test('a handler that does not close keeps no store open', async () => {
    const log: string[] = [];
    const close = () => {
      throw new Error('stuck');
    };
    const chain = await chainFrom(configuration, { kinds: kindsOf(log, { close }) });
    await expect(chain.close()).rejects.toThrow('Some handlers or stores could not be closed');
    expect(log).toEqual(['doors closes', 'cache closes', 'counter closes']);
  });

  test('a closed chain does not start again', async () => {
    const chain = await chainFrom(configuration, { kinds: kindsOf([]) });
    await chain.close();
    await expect(chain.start()).rejects.toThrow('chain default was closed; build another');
  });

  test('several chains may have the same instance: it starts with the first and closes with the last', async () => {
    const log: string[] = [];
    const note = (what: string) => async () => void log.push(what);
    const shared = badgeHandler('doors', {}, { start: note('starts'), close: note('closes') });
    const services = { kinds: { noted: { handler: () => shared }, memory: memoryStore(), counters: memoryCounters() } };
    const [one, other] = await Promise.all([chainFrom(configuration, services), chainFrom(configuration, services)]);
    await Promise.all([one.start(), other.start()]);
    await one.close();
    expect(log).toEqual(['starts']);
    await other.close();
    expect(log).toEqual(['starts', 'closes']);
  });

  test("what a route requires starts and closes with the chain's own", async () => {
    const log: string[] = [];
    const chain = await chainFrom(configuration, { kinds: kindsOf(log) });
    const note = (what: string) => async () => void log.push(what);
    const windows = badgeHandler('windows', { header: 'x-key' }, { start: note('starts'), close: note('closes') });
    chain.requiring(windows);
    await chain.start();
    await chain.close();
    expect(log.filter((line) => /^(?:starts|closes)$/.test(line))).toEqual(['starts', 'closes']);
  });
});

describe('a row of the table of kinds that is wrong is refused', () => {
  test.each<[string, unknown]>([
    ['nothing', {}],
    ['two functions', { handler: () => badge, guard: () => badge }],
    ['no function', { handler: 'badge' }],
    ['an unknown member', { factory: () => badge }],
    ['a member beside it', { handler: () => badge, clock: 1 }],
  ])('%s', async (_name, row) => {
    const error = await errorOfRow(row as never);
    expect(error.message).toBe('ChainServices.kinds.own must have exactly one function: handler, guard, store');
  });

  test.each<[string, unknown, RegExp]>([
    ['makes no handler', () => ({}), /^configuration\.handlers\.doors is no handler/],
    ['makes a promise', () => Promise.reject(new Error('late')), /^configuration\.handlers\.doors is no handler/],
    ['gives another name', () => badgeHandler('windows', {}), /doors calls itself "windows"; its name is its key/],
    [
      'throws',
      () => {
        throw new TypeError('hunter2');
      },
      /^configuration\.handlers\.doors\.options cannot be used: its code threw$/,
    ],
  ])('one that %s', async (_name, handler, message) => {
    expect((await errorOfRow({ handler } as never)).message).toMatch(message);
  });

  test('an unknown service is refused', async () => {
    const error = await errorOf({}, { clok: new ManualClock() } as never);
    expect(error.message).toBe('ChainServices has no option "clok"; did you mean clock?');
  });
});
