import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  container,
  type DependencyContainer,
  inject,
  injectAll,
  injectable,
  Lifecycle,
  overrideSecurity,
  registerSecurity,
  resolveChain,
  type SecurityRegistration,
  scoped,
  securityToken,
  tokens,
} from '@sallyport/configuration/tsyringe';
import {
  allOf,
  anonymous,
  anyOf,
  ConfigurationError,
  type DecisionEvent,
  MemoryCounterStore,
  MemoryOnceStore,
  type SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { LookupCounter, loggingHandler, PartnerDirectory, PartnerHandler } from './partner-handlers.js';

const open: SecurityChain[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((chain) => chain.close()));
  container.clearInstances();
});

async function resolved(scope: DependencyContainer): Promise<SecurityChain> {
  const chain = await resolveChain(scope);
  open.push(chain);
  return chain;
}

const PARTNER: SecurityRegistration = {
  handlers: { partner: { useClass: PartnerHandler } },
  chain: (handler) => ({ requirement: handler('partner') }),
};

const appContainer = (registration: SecurityRegistration = PARTNER) => {
  const app = container.createChildContainer();
  registerSecurity(app, registration);
  return app;
};

const sent = (key: string, header = 'x-partner') => ({ headers: { [header]: key } });

async function codeOf(task: () => unknown): Promise<readonly [string, string]> {
  try {
    await task();
  } catch (error) {
    if (error instanceof ConfigurationError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('handlers from a container', () => {
  test("a user's own class is built with its collaborators and its options", async () => {
    const chain = await resolved(appContainer());
    expect(await ask(chain, '/', sent('key-of-alice'))).toMatchObject({ status: 200, principal: { subject: 'alice' } });
    expect(await ask(chain, '/', sent('key-of-mallory'))).toMatchObject({ status: 401, reason: 'partner_unknown' });
  });

  test('two instances of one class stand side by side, each with its own name and options', async () => {
    const app = appContainer({
      handlers: {
        north: { useClass: PartnerHandler, options: { header: 'x-north' } },
        south: { useClass: PartnerHandler, options: { header: 'x-south' } },
      },
      chain: (handler) => ({ requirement: anyOf(handler('north'), handler('south')) }),
    });
    const chain = await resolved(app);
    const { principal, event } = await ask(chain, '/', sent('key-of-alice', 'x-south'));
    expect(principal?.via).toEqual([{ handler: 'south', scheme: 'partner' }]);
    expect(event.steps.map(({ handler }) => handler)).toEqual(['south']);
    expect((await ask(chain)).challenges).toEqual(['Partner realm="north"', 'Partner realm="south"']);
  });

  test('a function makes a handler without decorators, and finds what it needs by token', async () => {
    const greeting = securityToken<string>('greeting');
    const app = appContainer({
      handlers: {
        plain: {
          useFactory: (options, services) => {
            seen.push([options, services.name, services.get(greeting), services.find(tokens.cacheStore)]);
            return loggingHandler(services.name, []);
          },
          options: { level: 3 },
        },
      },
      chain: (handler) => ({ requirement: handler('plain') }),
    });
    const seen: unknown[] = [];
    app.register(greeting, { useValue: 'hello' });
    await resolved(app);
    expect(seen).toEqual([[{ name: 'plain', level: 3 }, 'plain', 'hello', undefined]]);
  });

  test('a counter store that is registered counts the failures of Basic', async () => {
    const counterStore = new MemoryCounterStore();
    const app = appContainer({
      counterStore,
      kinds: builtInHandlers,
      handlers: { users: { type: 'basic', options: { realm: 'test', users: { accounts: [] } } } },
      chain: (handler) => ({ requirement: handler('users') }),
    });
    await ask(await resolved(app), '/', { headers: { authorization: 'Basic YTpi' } });
    expect(counterStore.size).toBeGreaterThan(0);
  });

  test('a once store that is registered marks the deliveries of webhooks', async () => {
    const onceStore = new MemoryOnceStore();
    const secrets = 'a secret of both sides';
    const app = appContainer({
      onceStore,
      kinds: builtInHandlers,
      handlers: { forge: { type: 'webhook', options: { scheme: 'github', secrets, replays: 'refuse' } } },
      chain: (handler) => ({ requirement: handler('forge') }),
    });
    const chain = await resolved(app);
    const signature = createHmac('sha256', secrets).update('{}').digest('hex');
    const delivery = { headers: { 'X-Hub-Signature-256': `sha256=${signature}` }, body: '{}' };
    expect((await ask(chain, 'POST /', delivery)).status).toBe(200);
    expect((await ask(chain, 'POST /', delivery)).reason).toBe('webhook_replayed');
    expect(onceStore.size).toBe(1);
  });

  test('a finished handler and a registered kind of handler work, too', async () => {
    const app = appContainer({
      kinds: { partner: { useClass: PartnerHandler } },
      handlers: {
        finished: { useValue: loggingHandler('finished', []) },
        partner: { type: 'partner', options: { header: 'x-key' } },
      },
      chain: (handler) => ({ requirement: allOf(handler('finished'), handler('partner')) }),
    });
    const chain = await resolved(app);
    const parts = { headers: { 'x-finished': 'yes', 'x-key': 'key-of-alice' } };
    expect((await ask(chain, '/', parts)).principal?.via.map(({ handler }) => handler)).toEqual([
      'finished',
      'partner',
    ]);
  });

  test('a handler gets at another one of its chain, and it is the same one', async () => {
    @injectable()
    class Outer extends PartnerHandler {
      constructor(@inject(tokens.handler('inner')) readonly inner: PartnerHandler) {
        super({ name: 'outer' }, inner.directory, inner.counter, inner.processCounter);
      }
    }
    const app = appContainer({
      handlers: { outer: { useClass: Outer }, inner: { useClass: PartnerHandler, options: { header: 'x-inner' } } },
      chain: (handler) => ({ requirement: anyOf(handler('outer'), handler('inner')) }),
    });
    const [outer, inner] = (await resolved(app)).handlers;
    expect((outer as Outer).inner).toBe(inner);
  });

  test('the definition of the chain may take its time, as compiling a contract does', async () => {
    const app = appContainer({
      ...PARTNER,
      chain: async (handler) => {
        await null;
        return { name: 'slow', requirement: handler('partner') };
      },
    });
    expect((await resolved(app)).name).toBe('slow');
  });

  test('registration may come in parts', async () => {
    const app = container.createChildContainer();
    registerSecurity(app, { handlers: { partner: { useClass: PartnerHandler } } });
    registerSecurity(app, { chain: (handler) => ({ requirement: handler('partner') }) });
    expect((await resolved(app)).handlers).toHaveLength(1);
  });
});

describe('services from a container', () => {
  test('clock and listeners reach the chain and its handlers', async () => {
    const clock = new ManualClock();
    const events: DecisionEvent[] = [];
    const clocks: unknown[] = [];
    const app = appContainer({
      clock,
      decisionListeners: [(event) => events.push(event)],
      handlers: {
        slow: {
          useFactory: (_options, services) => {
            clocks.push(services.clock, services.get(tokens.clock));
            return { ...loggingHandler('slow', []), verify: () => new Promise<never>(() => {}) };
          },
        },
      },
      chain: (handler) => ({ requirement: handler('slow'), deadlineMs: 1_000 }),
    });
    const chain = await resolved(app);
    const deciding = chain.decide(requestTo('slow'));
    clock.pass(1);
    expect(await deciding).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
    expect(events).toMatchObject([{ status: 503, steps: [{ handler: 'slow', verdict: 'unfinished' }] }]);
    expect(clocks).toEqual([clock, clock]);
  });

  test('a listener hears of its own chain only, though two chains bear one name', async () => {
    const heard: string[] = [];
    const listening = (who: string) => appContainer({ ...PARTNER, decisionListeners: [() => heard.push(who)] });
    const [one, other] = await Promise.all([resolved(listening('one')), resolved(listening('other'))]);
    await one.decide(requestTo('partner'));
    expect(heard).toEqual(['one']);
    await other.decide(requestTo('partner'));
    expect(heard).toEqual(['one', 'other']);
  });

  test('listeners of several parts and of the parent add up', async () => {
    const heard: string[] = [];
    const app = appContainer({ ...PARTNER, decisionListeners: [() => heard.push('app')] });
    const child = app.createChildContainer();
    registerSecurity(child, { decisionListeners: [() => heard.push('child')] });
    overrideSecurity(child, { decisionListeners: [() => heard.push('test')] });
    await (await resolved(child)).decide(requestTo('partner'));
    expect(heard).toEqual(['app', 'child', 'test']);
  });

  test('no listener is no error: `injectAll` with isOptional gives an empty list, and the chain has none', async () => {
    @injectable()
    class Audit {
      constructor(@injectAll(tokens.decisionListener, { isOptional: true }) readonly listeners: readonly unknown[]) {}
    }
    const app = appContainer();
    expect(app.resolve(Audit).listeners).toEqual([]);
    expect(() => app.resolveAll(tokens.decisionListener)).toThrow(/unregistered/);
    await resolved(app);
  });
});

describe('two chains in one process', () => {
  test('share no handler and nothing that is scoped to a container', async () => {
    const app = appContainer();
    const chains = await Promise.all([resolved(app.createChildContainer()), resolved(app.createChildContainer())]);
    const [one, other] = chains.map((chain) => chain.handlers[0] as PartnerHandler);
    expect(one).not.toBe(other);
    expect(one?.counter).not.toBe(other?.counter);
    expect(one?.directory).not.toBe(other?.directory);
  });

  test('share what is a singleton of the process, and nobody else should be one', async () => {
    const app = appContainer();
    const chains = await Promise.all([resolved(app.createChildContainer()), resolved(app.createChildContainer())]);
    const [one, other] = chains.map((chain) => chain.handlers[0] as PartnerHandler);
    expect(one?.processCounter).toBe(other?.processCounter);
  });

  test('do not share a handler whose class calls itself a singleton', async () => {
    container.registerSingleton(PartnerHandler);
    const app = appContainer();
    const one = await resolved(app.createChildContainer());
    const other = await resolved(app.createChildContainer());
    expect(one.handlers[0]).not.toBe(other.handlers[0]);
  });

  test('share a scoped collaborator within each of them', async () => {
    const app = appContainer({
      handlers: {
        north: { useClass: PartnerHandler, options: { header: 'x-north' } },
        south: { useClass: PartnerHandler, options: { header: 'x-south' } },
      },
      chain: (handler) => ({ requirement: anyOf(handler('north'), handler('south')) }),
    });
    const [north, south] = (await resolved(app)).handlers as PartnerHandler[];
    expect(north?.counter).toBeInstanceOf(LookupCounter);
    expect(north?.counter).toBe(south?.counter);
  });

  test.each<[string, (shared: SecurityHandler) => Parameters<typeof appContainer>[0]]>([
    [
      'a finished handler of their container',
      (shared) => ({
        handlers: { only: { useValue: shared } },
        chain: (handler) => ({ requirement: handler('only') }),
      }),
    ],
    [
      'a handler that their definition names without the container',
      (shared) => ({ chain: () => ({ requirement: shared }) }),
    ],
  ])('share %s: it starts with the first and closes with the last', async (_title, definition) => {
    const log: string[] = [];
    const app = appContainer(definition(loggingHandler('only', log)));
    const [one, other] = [await resolved(app.createChildContainer()), await resolved(app.createChildContainer())];
    await Promise.all([one.start(), other.start()]);
    await one.close();
    expect(log).toEqual(['start only']);
    await other.close();
    expect(log).toEqual(['start only', 'close only']);
    const third = await resolved(app.createChildContainer());
    await third.start();
    await third.close();
    expect(log).toHaveLength(4);
  });

  test('share a scoped collaborator, too, that was loaded after their container was made: it is registered above them', async () => {
    const app = container.createChildContainer();
    @scoped(Lifecycle.ContainerScoped)
    class LoadedLate {}
    const found: unknown[] = [];
    for (const scope of [app.createChildContainer(), app.createChildContainer()]) {
      registerSecurity(scope, {
        chain: (_handler, { get }) => {
          found.push(get(LoadedLate as never), get(LoadedLate as never));
          return { requirement: anonymous() };
        },
      });
      await resolved(scope);
    }
    expect(found[0]).toBeInstanceOf(LoadedLate);
    expect(found[1]).toBe(found[0]);
    expect(found[2]).toBe(found[0]);
  });

  test('a container has one chain: resolving it again, also at the same time, gives the same', async () => {
    const app = appContainer();
    const [one, other] = await Promise.all([resolved(app), resolved(app)]);
    expect(one).toBe(other);
    await one.close();
    expect(await resolved(app)).not.toBe(one);
  });
});

describe('overriding, as tests do', () => {
  test('options are replaced one by one, in a child container that leaves the original alone', async () => {
    const app = appContainer({
      ...PARTNER,
      handlers: { partner: { useClass: PartnerHandler, options: { header: 'x-live', note: 'kept' } } },
    });
    const changed = app.createChildContainer();
    overrideSecurity(changed, { options: { partner: { header: 'x-test' } } });
    expect((await ask(await resolved(changed), '/', sent('key-of-alice', 'x-test'))).status).toBe(200);
    expect((await ask(await resolved(app), '/', sent('key-of-alice', 'x-live'))).status).toBe(200);
    expect(changed.createChildContainer().resolve(tokens.options('partner'))).toEqual({
      header: 'x-live',
      note: 'kept',
    });
  });

  test('handlers, the clock and the chain itself are replaced, also in the same container', async () => {
    const app = appContainer();
    const clock = new ManualClock();
    overrideSecurity(app, {
      clock,
      handlers: { partner: { useFactory: () => loggingHandler('partner', []) } },
      chain: (handler) => ({ name: 'under-test', requirement: handler('partner') }),
    });
    const chain = await resolved(app);
    expect(chain.name).toBe('under-test');
    expect((await ask(chain, '/', sent('anything'))).status).toBe(200);
  });

  test('a collaborator is replaced by the means of the container', async () => {
    const app = appContainer().createChildContainer();
    app.register(PartnerDirectory, { useValue: { partners: new Map([['test-key', 'tester']]) } });
    expect((await ask(await resolved(app), '/', sent('test-key'))).principal?.subject).toBe('tester');
  });

  test('the later override counts', async () => {
    const app = appContainer();
    overrideSecurity(app, { options: { partner: { header: 'x-one' } } });
    overrideSecurity(app, { options: { partner: { header: 'x-two' } } });
    expect((await ask(await resolved(app), '/', sent('key-of-alice', 'x-two'))).status).toBe(200);
  });

  test('what is not there cannot be overridden: a misspelt name is an error', async () => {
    const [code, message] = await codeOf(() => overrideSecurity(appContainer(), { options: { partnr: {} } }));
    expect(code).toBe('ERR_SALLYPORT_REGISTRATION_MISSING');
    expect(message).toContain('@sallyport/configuration/handler/partnr; did you mean partner?');
  });
});

describe('what a container does not show', () => {
  test('options, which hold secrets, in an inspection', async () => {
    const app = appContainer({
      ...PARTNER,
      handlers: { partner: { useClass: PartnerHandler, options: { clientSecret: 'hunter2-hunter2' } } },
    });
    overrideSecurity(app, { options: { partner: { other: 'hunter3-hunter3' } } });
    await resolved(app);
    expect(inspect(app, { depth: 12, showHidden: true })).not.toMatch(/hunter\d/);
  });
});

function requestTo(name: string) {
  return buildRequest('/', { headers: { [`x-${name}`]: 'something' } });
}
