import { describe, expect, test } from '@jest/globals';
import {
  container,
  type DependencyContainer,
  delay,
  inject,
  injectable,
  Lifecycle,
  overrideSecurity,
  registerSecurity,
  resolveChain,
  scoped,
  securityToken,
  singleton,
  tokens,
} from '@sallyport/configuration/tsyringe';
import { allOf, SecurityChain } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { loggingHandler, PartnerHandler } from './partner-handlers.js';

type Faults = Readonly<Record<string, { start?: Error; close?: Error }>>;

const LOG = securityToken<string[]>('test/log');

/** A collaborator of one chain that has to be disposed of. */
@scoped(Lifecycle.ContainerScoped)
class Connection {
  constructor(@inject(LOG) private readonly log: string[]) {}

  async dispose(): Promise<void> {
    this.log.push('dispose connection');
  }
}

@injectable()
class Connected extends PartnerHandler {
  constructor(
    @inject(tokens.handlerName) name: string,
    @inject(Connection) readonly connection: Connection,
  ) {
    super({ name }, undefined as never, undefined as never, undefined as never);
  }
}

function threeHandlers(log: string[], faults: Faults = {}, clock = new ManualClock()): DependencyContainer {
  const app = container.createChildContainer();
  const handlers = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [name, { useFactory: () => loggingHandler(name, log, faults[name]) }]),
  );
  app.register(LOG, { useValue: log });
  registerSecurity(app, {
    clock,
    handlers: { ...handlers, connected: { useClass: Connected } },
    chain: (handler) => ({ requirement: allOf(...['a', 'b', 'c', 'connected'].map(handler)) }),
  });
  return app;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('starting and closing', () => {
  test('handlers start together and close last first, then their collaborators go', async () => {
    const log: string[] = [];
    const chain = await resolveChain(threeHandlers(log));
    await chain.start();
    expect(log).toEqual(['start a', 'start b', 'start c']);
    await chain.close();
    expect(log.slice(3)).toEqual(['close c', 'close b', 'close a', 'dispose connection']);
  });

  test('closing twice closes once', async () => {
    const log: string[] = [];
    const chain = await resolveChain(threeHandlers(log));
    await Promise.all([chain.close(), chain.close()]);
    await chain.close();
    expect(log).toEqual(['close c', 'close b', 'close a', 'dispose connection']);
  });

  test('when one fails to close, the others close all the same, and the failure is told', async () => {
    const log: string[] = [];
    const broken = new Error('b is broken');
    const chain = await resolveChain(threeHandlers(log, { b: { close: broken } }));
    const failure: AggregateError = await chain.close().catch((error) => error);
    expect(failure.errors).toEqual([broken]);
    expect(log).toEqual(['close c', 'close b', 'close a', 'dispose connection']);
  });

  test('one that hangs is waited for as long as the limit, not longer', async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const app = threeHandlers(log, {}, clock);
    const hanging = { ...loggingHandler('hanging', log), close: () => new Promise<void>(() => {}) };
    registerSecurity(app, { handlers: { hanging: { useFactory: () => hanging } } });
    const scope = app.createChildContainer();
    scope.register(tokens.chain, {
      useValue: (handler) => ({ requirement: allOf(handler('a'), handler('hanging')) }),
    } as { useValue: (handler: (name: string) => never) => object });
    const chain = await resolveChain(scope);
    const closing = chain.close({ timeoutMs: 200 }).catch((error: AggregateError) => error.errors.map(String));
    await turn();
    clock.pass(0.2);
    expect(await closing).toEqual(['Error: handler hanging did not close within 200 ms']);
    expect(log).toEqual(['close a']);
    expect(clock.waiting).toBe(0);
  });

  test('when one fails to start, all are closed and the container can be used again', async () => {
    const log: string[] = [];
    const app = threeHandlers(log, { b: { start: new Error('no keys') } });
    const chain = await resolveChain(app);
    await expect(chain.start()).rejects.toThrow('no keys');
    expect(log).toEqual(['start a', 'start b', 'start c', 'close c', 'close b', 'close a', 'dispose connection']);
    await chain.close();
    expect(log).toHaveLength(7);
    expect(await resolveChain(app)).not.toBe(chain);
  });

  test('one that hangs at the start is given up at the limit', async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const hanging = { ...loggingHandler('hanging', log), start: () => new Promise<void>(() => {}) };
    const chain = new SecurityChain({ requirement: hanging }, { clock });
    const starting = chain.start({ timeoutMs: 1_000 });
    clock.pass(1);
    await expect(starting).rejects.toThrow('handler hanging did not start within 1000 ms');
    expect(log).toEqual(['close hanging']);
  });

  test('starting twice starts once, and what was closed does not start again', async () => {
    const log: string[] = [];
    const chain = await resolveChain(threeHandlers(log));
    await Promise.all([chain.start(), chain.start()]);
    expect(log).toEqual(['start a', 'start b', 'start c']);
    await chain.close();
    await expect(chain.start()).rejects.toThrow('chain default was closed; build another');
    expect(log).toHaveLength(7);
  });

  type Class = new (...args: never[]) => unknown;

  /** A class that says when it is disposed of. */
  function disposable(log: string[], name: string, dispose: () => unknown = () => undefined) {
    return class {
      dispose(): unknown {
        log.push(name);
        return dispose();
      }
    };
  }

  /** The chain of a container. A collaborator of it asks for these, in this order. */
  function chainAsking(scope: DependencyContainer, log: string[], asked: readonly unknown[], clock?: ManualClock) {
    class Asking {}
    for (const [index, each] of asked.entries()) inject(each as never)(Asking, undefined, index);
    injectable()(Asking);
    scope.register('asking', { useClass: Asking }, { lifecycle: Lifecycle.ContainerScoped });
    registerSecurity(scope, {
      clock,
      handlers: { own: { useFactory: () => loggingHandler('own', log) } },
      chain: (handler, { get }) => {
        get('asking' as never);
        return { requirement: handler('own') };
      },
    });
    return resolveChain(scope);
  }

  /** The chain of a container that builds these collaborators, in this order. */
  function chainBuilding(log: string[], disposals: Readonly<Record<string, () => unknown>>, clock?: ManualClock) {
    const classes = Object.entries(disposals).map(([name, dispose]) => {
      const Collaborator = disposable(log, name, dispose);
      return scoped(Lifecycle.ContainerScoped)(Collaborator) ?? Collaborator;
    });
    return chainAsking(container.createChildContainer(), log, classes, clock);
  }

  const errorsOf = (failure: AggregateError) => failure.errors.map(String);

  test('collaborators are disposed of last first, one after the other, each failure told and none keeping others', async () => {
    const log: string[] = [];
    const chain = await chainBuilding(log, {
      first: async () => {
        await turn();
        log.push('first is gone');
      },
      second: () => {
        throw new Error('thrown');
      },
      third: () => Promise.reject(new Error('rejected')),
      fourth: () => undefined,
    });
    expect(await chain.close().then(() => [], errorsOf)).toEqual(['Error: rejected', 'Error: thrown']);
    expect(log).toEqual(['close own', 'fourth', 'third', 'second', 'first', 'first is gone']);
  });

  test('one that hangs is waited for as long as the limit, and keeps no others', async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const chain = await chainBuilding(
      log,
      { other: () => undefined, hanging: () => new Promise<void>(() => {}) },
      clock,
    );
    const closing = chain.close({ timeoutMs: 200 }).then(() => [], errorsOf);
    await turn();
    expect(log).toEqual(['close own', 'hanging']);
    clock.pass(0.2);
    expect(await closing).toEqual(['Error: a collaborator was not disposed of within 200 ms']);
    expect(log).toEqual(['close own', 'hanging', 'other']);
    expect(clock.waiting).toBe(0);
  });

  test('what only collaborators need is disposed of after them, also behind a token that hides its class', async () => {
    const log: string[] = [];
    const Socket = disposable(log, 'socket');
    injectable()(Socket);
    const POOL = securityToken<object>('test/pool');
    class Pool {
      constructor(readonly socket: object) {}
      dispose(): void {
        log.push('pool');
      }
    }
    inject(Socket)(Pool, undefined, 0);
    injectable()(Pool);
    const scope = container.createChildContainer();
    scope.register(POOL, { useClass: Pool }, { lifecycle: Lifecycle.ContainerScoped });
    await (await chainAsking(scope, log, [POOL])).close();
    expect(log).toEqual(['close own', 'pool', 'socket']);
  });

  type Registering = (app: DependencyContainer, Outer: Class, Inner: Class) => unknown;

  test.each<[string, Registering]>([
    ['a singleton', (app, Outer) => app.registerSingleton('outer', Outer)],
    ['a class without a scope', (app, Outer) => app.register('outer', { useClass: Outer })],
    [
      'what a factory builds',
      (app, _outer, Inner) => app.register('outer', { useFactory: (own) => own.resolve(Inner) }),
    ],
    ['an instance', (app, Outer) => app.register('outer', { useValue: new Outer() })],
    [
      'an instance in place of a class that is scoped to a container',
      (app, Outer) => {
        app.register('outer', { useClass: Outer }, { lifecycle: Lifecycle.ContainerScoped });
        app.register('outer', { useValue: new Outer() });
      },
    ],
  ])("%s is the application's: no chain disposes of it, nor of what it needs", async (_name, register) => {
    const log: string[] = [];
    const Inner = disposable(log, 'inner');
    injectable()(Inner);
    class Outer {
      constructor(readonly inner?: object) {}
      dispose(): void {
        log.push('outer');
      }
    }
    inject(Inner)(Outer, undefined, 0);
    injectable()(Outer);
    const app = container.createChildContainer();
    register(app, Outer, Inner);
    for (const scope of [app.createChildContainer(), app.createChildContainer()]) {
      await (await chainAsking(scope, log, ['outer'])).close();
    }
    expect(log).toEqual(['close own', 'close own']);
    app.resolve<{ dispose(): void }>('outer').dispose();
    expect(log).toHaveLength(3);
  });

  test('a singleton is left alone by the chain for which the container built it', async () => {
    const log: string[] = [];
    const Pool = disposable(log, 'pool');
    singleton()(Pool);
    const chains = [1, 2].map(() => chainAsking(container.createChildContainer(), log, [Pool]));
    for (const chain of await Promise.all(chains)) await chain.close();
    expect(log).toEqual(['close own', 'close own']);
    expect(Object.keys(container.resolve(Pool))).toEqual([]);
    container.resolve(Pool).dispose();
    expect(log.at(-1)).toBe('pool');
  });

  test('what asks later by delay() is built later, and the close of the chain does not build it', async () => {
    const log: string[] = [];
    const Late = disposable(log, 'late');
    injectable()(Late);
    await (await chainAsking(container.createChildContainer(), log, [delay(() => Late)])).close();
    expect(log).toEqual(['close own']);
  });

  test('an object that cannot be looked at keeps nothing open, and is told', async () => {
    const log: string[] = [];
    const scope = container.createChildContainer();
    const odd = {
      get dispose(): never {
        throw new Error('not to be looked at');
      },
    };
    scope.register('odd', { useValue: odd });
    scope.register('own', { useClass: disposable(log, 'own') }, { lifecycle: Lifecycle.ContainerScoped });
    const chain = await chainAsking(scope, log, ['odd', 'own']);
    expect(await chain.close().then(() => [], errorsOf)).toEqual(['Error: not to be looked at']);
    expect(log).toEqual(['close own', 'own']);
  });

  test('a frozen collaborator is disposed of, too', async () => {
    const log: string[] = [];
    class Frozen {
      constructor() {
        Object.freeze(this);
      }
      dispose(): void {
        log.push('frozen');
      }
    }
    injectable()(Frozen);
    await (await chainAsking(container.createChildContainer(), log, [Frozen])).close();
    expect(log).toEqual(['close own', 'frozen']);
  });

  test('a chain that cannot be made closes the handlers that it would have had', async () => {
    const log: string[] = [];
    const app = threeHandlers(log).createChildContainer();
    overrideSecurity(app, {
      chain: (handler) => {
        handler('a');
        handler('connected');
        throw new Error('no contract');
      },
    });
    await expect(resolveChain(app)).rejects.toThrow('no contract');
    expect(log).toEqual(['close a', 'dispose connection']);
  });

  test('a handler that only other handlers use is started and closed with them', async () => {
    const log: string[] = [];
    const app = container.createChildContainer();
    registerSecurity(app, {
      handlers: {
        outer: {
          useFactory: (_options, services) => {
            services.get(tokens.handlers)('inner');
            return loggingHandler('outer', log);
          },
        },
        inner: { useFactory: () => loggingHandler('inner', log) },
      },
      chain: (handler) => ({ requirement: handler('outer') }),
    });
    const chain = await resolveChain(app);
    await chain.start();
    await chain.close();
    expect(log).toEqual(['start inner', 'start outer', 'close outer', 'close inner']);
  });
});

describe('a container is for building, not for requests', () => {
  test('nothing is resolved and nothing is registered while requests are decided', async () => {
    const app = threeHandlers([]);
    const chain = await resolveChain(app);
    const touched: string[] = [];
    for (const method of ['resolve', 'resolveAll', 'register', 'isRegistered', 'createChildContainer'] as const) {
      Reflect.set(app, method, () => touched.push(method));
    }
    const headers = { 'x-a': '1', 'x-b': '1', 'x-c': '1', 'x-partner': '1' };
    await Promise.all(Array.from({ length: 100 }, () => ask(chain, '/', { headers })));
    await Promise.all(Array.from({ length: 100 }, () => ask(chain)));
    expect(touched).toEqual([]);
  });
});
