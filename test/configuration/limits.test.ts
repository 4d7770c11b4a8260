import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { container, registerConfiguration, registerSecurity, resolveChain } from '@sallyport/configuration/tsyringe';
import { createPrincipal, headerHandler, MemoryCounterStore, type SecurityChain } from '@sallyport/core';
import type { Kinds } from '@sallyport/core/extend';
import { ask, ManualClock } from '@sallyport/core/testing';

const KINDS = {
  keys: {
    handler: (_options, { name }) =>
      headerHandler({ name, header: 'x-key', verify: (key) => createPrincipal({ subject: key, clientId: key }) }),
  },
  memory: { store: (_options, { clock }) => new MemoryCounterStore({}, { clock }) },
} satisfies Kinds;

const CONFIGURATION = {
  handlers: { keys: { type: 'keys' } },
  chain: {
    requirement: 'keys',
    limits: [{ rateLimit: { name: 'network', limit: 4, windowSeconds: 60, by: 'network' } }],
    guards: [
      { rateLimit: { name: 'minute', limit: 2, windowSeconds: 60, by: ['client', { claim: 'tenant' }] } },
      { concurrencyLimit: { name: 'at-once', limit: 10 } },
    ],
  },
};

const statusesOf = async (chain: SecurityChain, keys: readonly string[]) => {
  const statuses = [];
  for (const key of keys) statuses.push((await ask(chain, '/', { headers: { 'x-key': key } })).status);
  return statuses;
};

describe('limits of a configuration', () => {
  const clock = new ManualClock();

  test('are those of the chain: before authentication and after', async () => {
    const chain = await chainFrom(CONFIGURATION, { kinds: KINDS, clock });
    expect(await statusesOf(chain, ['alice', 'alice', 'alice', 'bob', 'bob'])).toEqual([200, 200, 429, 200, 429]);
    expect((await ask(chain, '/', { headers: { 'x-key': 'carol' } })).headers).toContainEqual([
      'RateLimit-Policy',
      '"network";q=4;w=60',
    ]);
    await chain.close();
  });

  test('count in the store for counts, of a file, an application and a container alike', async () => {
    const counterStore = new MemoryCounterStore({}, { clock });
    const ofFile = await chainFrom(CONFIGURATION, { kinds: KINDS, clock, counterStore });
    const scope = container.createChildContainer();
    registerSecurity(scope, { kinds: KINDS, counterStore, clock });
    registerConfiguration(scope, CONFIGURATION);
    const ofContainer = await resolveChain(scope);
    expect(await statusesOf(ofFile, ['alice', 'bob'])).toEqual([200, 200]);
    expect(await statusesOf(ofContainer, ['alice', 'alice', 'bob'])).toEqual([200, 429, 429]);
    const listed = { ...CONFIGURATION, stores: { counter: { type: 'memory' } } };
    const ofOwnStore = await chainFrom(listed, { kinds: KINDS, clock });
    expect(await statusesOf(ofOwnStore, ['alice', 'alice', 'alice'])).toEqual([200, 200, 429]);
    for (const chain of [ofFile, ofContainer, ofOwnStore]) await chain.close();
  });

  test.each([
    [{ limits: [{ requireScopes: 'a' }] }, 'configuration.chain.limits[0] must be a limit'],
    [
      { limits: [{ rateLimit: { name: 'a', limit: 1, windowSeconds: 1 } }] },
      'configuration.chain.limits[0] counts by who calls',
    ],
    [{ guards: [{ rateLimit: { name: 'a', limit: 0, windowSeconds: 1 } }] }, 'chain.guards[0].rateLimit.limit must be'],
    [{ guards: [{ rateLimit: { name: 'a', limit: 1 } }] }, 'chain.guards[0].rateLimit.windowSeconds must be'],
    [{ guards: [{ rateLimit: {}, limit: 1 }] }, 'chain.guards[0] has no options beside rateLimit'],
    [{ guards: [{ concurrencyLimit: { name: 'a' } }] }, 'chain.guards[0].concurrencyLimit.limit must be'],
  ])('%j is refused by its place', async (chain, message) => {
    const configuration = { ...CONFIGURATION, chain: { ...CONFIGURATION.chain, ...chain } };
    await expect(chainFrom(configuration, { kinds: KINDS })).rejects.toThrow(message);
  });
});
