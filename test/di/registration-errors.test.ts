import { describe, expect, test } from '@jest/globals';
import {
  type ContainerKinds,
  container,
  type DependencyContainer,
  type HandlerRegistration,
  inject,
  injectable,
  type NamedServices,
  overrideSecurity,
  registerSecurity,
  resolveChain,
  securityToken,
  tokens,
} from '@sallyport/configuration/tsyringe';
import { ConfigurationError, type SecurityHandler } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { LookupCounter, loggingHandler, PartnerDirectory, PartnerHandler } from './partner-handlers.js';

const PARTNER = { partner: { useClass: PartnerHandler } };
const chain = (handler: (name: string) => SecurityHandler) => ({ requirement: handler('partner') });

async function errorOf(task: () => unknown): Promise<ConfigurationError> {
  try {
    await task();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const app = () => container.createChildContainer();

function withHandler(partner: HandlerRegistration<ContainerKinds>): DependencyContainer {
  const scope = app();
  registerSecurity(scope, { handlers: { partner }, chain });
  return scope;
}

describe('a missing registration names the token and the fix', () => {
  test('no chain', async () => {
    const error = await errorOf(() => resolveChain(app()));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_MISSING');
    expect(error.message).toContain('nothing is registered under @sallyport/configuration/chain');
    expect(error.message).toContain('registerSecurity(container, { chain:');
  });

  test('no handler of that name: the nearest one is named', async () => {
    const scope = app();
    registerSecurity(scope, { handlers: PARTNER, chain: (handler) => ({ requirement: handler('partnre') }) });
    const error = await errorOf(() => resolveChain(scope));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_MISSING');
    expect(error.message).toContain('@sallyport/configuration/handler/partnre; did you mean partner?');
    expect(error.message).toContain('registerSecurity(container, { handlers: { "partnre": … } })');
  });

  test('no such kind of handler: the nearest one is named', async () => {
    const scope = withHandler({ type: 'introspecton' });
    registerSecurity(scope, { kinds: { introspection: { useClass: PartnerHandler } } });
    const error = await errorOf(() => resolveChain(scope));
    expect(error.message).toContain('@sallyport/configuration/kind/introspecton; did you mean introspection?');
  });

  test('a collaborator that nobody registered', async () => {
    const directory = securityToken<object>('company/directory');
    @injectable()
    class Lost extends PartnerHandler {
      constructor(@inject(directory) absent: PartnerDirectory, @inject(LookupCounter) counter: LookupCounter) {
        super({ name: 'partner' }, absent, counter, counter);
      }
    }
    const error = await errorOf(() => resolveChain(withHandler({ useClass: Lost })));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_INVALID');
    expect(error.message).toMatch(
      /@sallyport\/configuration\/handler\/partner cannot be built.*company\/directory.*Register/,
    );
  });

  test('a service that a function asks for', async () => {
    const store = securityToken<object>('company/store');
    const useFactory = (_options: object, services: NamedServices) => {
      services.get(store);
      return loggingHandler('partner', []);
    };
    const error = await errorOf(() => resolveChain(withHandler({ useFactory })));
    expect(error.message).toMatch(/handler "partner": nothing is registered under company\/store/);
  });

  test('a handler or its options outside of a chain', async () => {
    const scope = withHandler({ useClass: PartnerHandler });
    const error = await errorOf(() => scope.resolve(tokens.handler('partner')));
    expect(error.message).toContain('take them from resolveChain(container)');
  });

  test('the options of "this handler", when no handler is being built', async () => {
    let later: NamedServices | undefined;
    const useFactory = (_options: object, services: NamedServices) => {
      later = services;
      return loggingHandler('partner', []);
    };
    const resolved = await resolveChain(withHandler({ useFactory }));
    const error = await errorOf(() => later?.get(tokens.handlerOptions));
    expect(error.message).toContain('@sallyport/configuration/handler-options. It is there while a handler is built');
    await resolved.close();
  });
});

describe('a type where the container needs a class (import type, interfaces) is told apart', () => {
  test('the fix is to import the class as a value or to say @inject(token)', async () => {
    class Undecorated extends PartnerHandler {}
    // What `import type { PartnerDirectory }` leaves of the parameter's type for the container.
    Reflect.defineMetadata('design:paramtypes', [Function], Undecorated);
    injectable()(Undecorated);
    const error = await errorOf(() => resolveChain(withHandler({ useClass: Undecorated })));
    expect(error.message).toMatch(
      /parameter 0 \(from 0\) of Undecorated names no class\. Import the class as a value, not as a type/,
    );
  });

  test('a class without @injectable() is named', async () => {
    class Bare extends PartnerHandler {
      constructor(options: { name: string }) {
        super(options, new PartnerDirectory(), new LookupCounter(), new LookupCounter());
      }
    }
    const error = await errorOf(() => resolveChain(withHandler({ useClass: Bare })));
    expect(error.message).toMatch(/Bare has no decorators\. Say @injectable\(\).*experimentalDecorators$/);
  });
});

describe('a doubled registration names the token and the fix', () => {
  test.each([
    ['a handler', { handlers: PARTNER }, 'handler/partner'],
    ['the chain', { chain }, 'chain'],
    ['the clock', { clock: new ManualClock() }, 'clock'],
    ['a kind of handler', { kinds: PARTNER }, 'kind/partner'],
  ])('%s, in the same container and below it', async (_what, registration, token) => {
    const scope = app();
    registerSecurity(scope, registration);
    for (const place of [scope, scope.createChildContainer()]) {
      const error = await errorOf(() => registerSecurity(place, registration));
      expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_DOUBLED');
      expect(error.message).toContain(`@sallyport/configuration/${token} is registered already`);
      expect(error.message).toContain('overrideSecurity()');
    }
  });

  test('also when the container itself was used for it', async () => {
    const scope = withHandler({ useClass: PartnerHandler });
    scope.register(tokens.clock, { useValue: new ManualClock() });
    scope.register(tokens.clock, { useValue: new ManualClock() });
    const error = await errorOf(() => resolveChain(scope));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_DOUBLED');
    expect(error.message).toContain('@sallyport/configuration/clock');
  });
});

describe('a late registration names the token and the fix', () => {
  test('registering or overriding after the chain was resolved', async () => {
    const scope = withHandler({ useClass: PartnerHandler });
    const resolved = await resolveChain(scope);
    for (const task of [
      () => registerSecurity(scope, { clock: new ManualClock() }),
      () => overrideSecurity(scope, { clock: new ManualClock() }),
    ]) {
      const error = await errorOf(task);
      expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_LATE');
      expect(error.message).toContain('@sallyport/configuration/clock came after the chain was resolved');
      expect(error.message).toContain('before resolveChain()');
    }
    await resolved.close();
    registerSecurity(scope, { clock: new ManualClock() });
  });

  test('also when the container itself was used for it: the start fails', async () => {
    const scope = withHandler({ useClass: PartnerHandler });
    const resolved = await resolveChain(scope);
    scope.register(tokens.clock, { useValue: new ManualClock() });
    expect((await errorOf(() => resolved.start())).code).toBe('ERR_SALLYPORT_REGISTRATION_LATE');
    await resolved.close();
  });
});

describe('an unusable registration names the token', () => {
  test('a handler that does not take its name', async () => {
    const error = await errorOf(() => resolveChain(withHandler({ useValue: loggingHandler('other', []) })));
    expect(error.message).toContain('@sallyport/configuration/handler/partner calls itself "other"');
  });

  test('what is no handler', async () => {
    const error = await errorOf(() => resolveChain(withHandler({ useFactory: () => ({}) as SecurityHandler })));
    expect(error.message).toContain('@sallyport/configuration/handler/partner is no handler');
  });

  test('a handler that needs itself', async () => {
    const useFactory = (_options: object, services: NamedServices) => services.get(tokens.handlers)('partner');
    const error = await errorOf(() => resolveChain(withHandler({ useFactory })));
    expect(error.message).toContain('@sallyport/configuration/handler/partner needs itself to be built');
  });

  test.each<[string, () => DependencyContainer]>([
    [
      'functions',
      () => {
        const scope = app();
        const needing = (other: string) => (_options: object, services: NamedServices) =>
          services.get(tokens.handlers)(other);
        registerSecurity(scope, {
          handlers: { partner: { useFactory: needing('b') }, b: { useFactory: needing('partner') } },
          chain,
        });
        return scope;
      },
    ],
    [
      'classes',
      () => {
        @injectable()
        class First extends PartnerHandler {
          constructor(@inject(tokens.handler('b')) other: SecurityHandler) {
            super({ name: other.name }, undefined as never, undefined as never, undefined as never);
          }
        }
        @injectable()
        class Second extends PartnerHandler {
          constructor(@inject(tokens.handler('partner')) other: SecurityHandler) {
            super({ name: other.name }, undefined as never, undefined as never, undefined as never);
          }
        }
        const scope = app();
        registerSecurity(scope, { handlers: { partner: { useClass: First }, b: { useClass: Second } }, chain });
        return scope;
      },
    ],
  ])('handlers that need each other in a circle: %s', async (_what, scopeOf) => {
    const error = await errorOf(() => resolveChain(scopeOf()));
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_INVALID');
    expect(error.message).toContain('needs itself to be built: "partner" needs "b" needs "partner"');
  });

  test('collaborators that need each other in a circle: one of them is named, before the stack is full', async () => {
    const [one, two] = [securityToken<object>('company/one'), securityToken<object>('company/two')];
    @injectable()
    class One {
      constructor(@inject(two) readonly other: object) {}
    }
    @injectable()
    class Two {
      constructor(@inject(one) readonly other: object) {}
    }
    @injectable()
    class Circular extends PartnerHandler {
      constructor(@inject(one) readonly collaborator: object) {
        super({ name: 'partner' }, undefined as never, undefined as never, undefined as never);
      }
    }
    const scope = withHandler({ useClass: Circular });
    scope.register(one, { useClass: One });
    scope.register(two, { useClass: Two });
    const error = await errorOf(() => resolveChain(scope));
    expect(error.message).toBe(
      'handler "partner": company/one needs itself to be built. ' +
        'Let one of its collaborators ask later, for instance with delay()',
    );
  });

  test('a class that injects a handler whose options are wrong: code and reason are those of that handler', async () => {
    @injectable()
    class Outer extends PartnerHandler {
      constructor(@inject(tokens.handler('inner')) inner: SecurityHandler) {
        super({ name: inner.name }, undefined as never, undefined as never, undefined as never);
      }
    }
    const scope = withHandler({ useClass: Outer });
    const useFactory = () => {
      throw new ConfigurationError('ERR_SALLYPORT_OPTION_UNKNOWN', 'PartnerOptions has no option "reelm"');
    };
    registerSecurity(scope, { handlers: { inner: { useFactory } } });
    const error = await errorOf(() => resolveChain(scope));
    expect(error.code).toBe('ERR_SALLYPORT_OPTION_UNKNOWN');
    expect(error.message).toBe('handler "partner": handler "inner": PartnerOptions has no option "reelm"');
  });

  test('a handler that is promised, also in vain', async () => {
    const useFactory = (async () => {
      throw new Error('hunter2');
    }) as unknown as () => SecurityHandler;
    const error = await errorOf(() => resolveChain(withHandler({ useFactory })));
    expect(error.message).toContain('@sallyport/configuration/handler/partner is no handler');
  });

  test('another name among its options', async () => {
    const error = await errorOf(() =>
      resolveChain(withHandler({ useClass: PartnerHandler, options: { name: 'other' } })),
    );
    expect(error.message).toContain('@sallyport/configuration/handler/partner has another name among its options');
  });

  test.each([undefined, null, {}, 'container'])('%j is no container', async (wrong) => {
    const error = await errorOf(async () => resolveChain(wrong as unknown as DependencyContainer));
    expect(error.message).toContain('the container of resolveChain() must have a method resolve()');
  });

  test('wrong options keep their code, and the instance is named', async () => {
    const useFactory = () => {
      throw new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', 'PartnerOptions.realm must be a non-empty string');
    };
    const error = await errorOf(() => resolveChain(withHandler({ useFactory })));
    expect(error.code).toBe('ERR_SALLYPORT_OPTION_INVALID');
    expect(error.message).toBe('handler "partner": PartnerOptions.realm must be a non-empty string');
  });

  test('the message of any other error stays out: it may quote a secret', async () => {
    const useFactory = () => {
      throw new Error('cannot use hunter2-hunter2');
    };
    const error = await errorOf(() => resolveChain(withHandler({ useFactory })));
    expect(error.message).toBe('@sallyport/configuration/handler/partner threw while it was built');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('nor that of an error of a collaborator, which the container repeats: its error is the cause', async () => {
    @injectable()
    class Database {
      constructor() {
        throw new Error('cannot connect to postgres://api:hunter2-hunter2@db');
      }
    }
    @injectable()
    class Stored extends PartnerHandler {
      constructor(@inject(Database) readonly database: Database) {
        super({ name: 'partner' }, undefined as never, undefined as never, undefined as never);
      }
    }
    const { message, cause } = await errorOf(() => resolveChain(withHandler({ useClass: Stored })));
    expect(message).toBe('@sallyport/configuration/handler/partner cannot be built: the cause says why');
    expect(String(cause)).toContain('"Stored"');
  });

  test.each<[string, object]>([
    ['no way to a handler', {}],
    ['a class that is none', { useClass: 'PartnerHandler' }],
    ['a function that is none', { useFactory: {} }],
    ['a kind without a name', { type: '' }],
    ['options that are a text', { useClass: PartnerHandler, options: 'realm' }],
    ['options that are a list', { type: 'basic', options: [] }],
    ['two ways to a handler', { type: 'a', useClass: PartnerHandler }],
    ['an unknown key', { useclass: PartnerHandler }],
    ['options for what is built already', { useValue: loggingHandler('partner', []), options: {} }],
  ])('%s', async (_what, registration) => {
    const error = await errorOf(() => withHandler(registration as HandlerRegistration));
    expect([error.code, error.message]).toEqual([
      'ERR_SALLYPORT_OPTION_INVALID',
      expect.stringContaining('SecurityRegistration.handlers.partner'),
    ]);
  });

  test('a failed resolution leaves the container as it was', async () => {
    const scope = app();
    registerSecurity(scope, { handlers: PARTNER });
    await errorOf(() => resolveChain(scope));
    registerSecurity(scope, { chain });
    const resolved = await resolveChain(scope);
    await resolved.close();
  });
});
