import { describe, expect, test } from '@jest/globals';
import {
  type ContainerServices,
  container,
  type DependencyContainer,
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
import { allOf, anonymous, SecurityChain } from '@sallyport/core';
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

  /** The container of a chain that builds these collaborators, in this order. */
  function withCollaborators(log: string[], disposals: Readonly<Record<string, () => unknown>>, clock?: ManualClock) {
    const app = container.createChildContainer();
    const classes = Object.entries(disposals).map(([name, dispose]) => {
      class Collaborator {
        dispose(): unknown {
          log.push(name);
          return dispose();
        }
      }
      return scoped(Lifecycle.ContainerScoped)(Collaborator) ?? Collaborator;
    });
    registerSecurity(app, {
      clock,
      handlers: { own: { useFactory: () => loggingHandler('own', log) } },
      chain: (handler, { get }) => {
        for (const each of classes) get(each as never);
        return { requirement: handler('own') };
      },
    });
    return app;
  }

  const failing = () => Promise.reject(new Error('rejected'));
  const throwing = () => {
    throw new Error('thrown');
  };

  test('collaborators are disposed of after the handlers, first built first; one that rejects is told and keeps no others', async () => {
    const log: string[] = [];
    const slow = async () => {
      await turn();
      log.push('slow is gone');
    };
    const app = withCollaborators(log, { first: failing, second: async () => {}, third: () => undefined });
    const failure: AggregateError = await (await resolveChain(app)).close().catch((error) => error);
    expect(failure.errors.map(String)).toEqual(['Error: rejected']);
    expect(log.splice(0)).toEqual(['close own', 'first', 'second', 'third']);
    await (await resolveChain(withCollaborators(log, { slow }))).close();
    expect(log).toEqual(['close own', 'slow', 'slow is gone']);
  });

  test('one that throws is told, too, but keeps the container from those that it built later', async () => {
    const log: string[] = [];
    const app = withCollaborators(log, { first: async () => {}, second: throwing, third: async () => {} });
    const failure: AggregateError = await (await resolveChain(app)).close().catch((error) => error);
    expect(failure.errors.map(String)).toEqual(['Error: thrown']);
    expect(log).toEqual(['close own', 'first', 'second']);
    expect(await resolveChain(app)).toBeInstanceOf(SecurityChain);
  });

  test('one that hangs is waited for as long as the limit', async () => {
    const clock = new ManualClock();
    const chain = await resolveChain(withCollaborators([], { hanging: () => new Promise<void>(() => {}) }, clock));
    const closing = chain.close({ timeoutMs: 200 }).catch((error: AggregateError) => error.errors.map(String));
    await turn();
    clock.pass(0.2);
    expect(await closing).toEqual(['Error: the collaborators were not disposed of within 200 ms']);
    expect(clock.waiting).toBe(0);
  });

  test('a singleton that was built for a chain is disposed of with it, though other chains share it', async () => {
    const log: string[] = [];
    @singleton()
    class Pool {
      dispose(): void {
        log.push('pool');
      }
    }
    const appOf = () => {
      const app = container.createChildContainer();
      const define = {
        chain: (_handler: unknown, { get }: ContainerServices) => ({ requirement: use(get(Pool as never)) }),
      };
      registerSecurity(app, define);
      return app;
    };
    const use = (pool: unknown) => {
      expect(pool).toBeInstanceOf(Pool);
      return anonymous();
    };
    const [one, other] = [await resolveChain(appOf()), await resolveChain(appOf())];
    await other.close();
    expect(log).toEqual([]);
    await one.close();
    expect(log).toEqual(['pool']);
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
