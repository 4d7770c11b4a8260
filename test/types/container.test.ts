import { describe, expect, test } from '@jest/globals';
import {
  type ContainerServices,
  container,
  type HandlerMaker,
  type HandlerRegistration,
  injectable,
  registerSecurity,
  type SecurityToken,
  securityToken,
  tokens,
} from '@sallyport/configuration/tsyringe';
import type { GuardLike, SecurityHandler } from '@sallyport/core';
import { type Clock, challenge, type HandlerKind } from '@sallyport/core/extend';
import { builtInHandlers, type JwtKindOptions } from '@sallyport/handlers/kinds';
import { expectTypeOf } from 'expect-type';

/** The compiler checks these: an unused `@ts-expect-error` fails the type check. */

const app = () => container.createChildContainer();

const handlerCalled = (name: string): SecurityHandler => ({
  name,
  challenges: [challenge('Door')],
  extract: () => undefined,
  verify: () => {
    throw new Error('never called');
  },
});

const TOKENS = {
  realm: 'orders',
  endpoint: 'https://as.example/introspect',
  clientAuthentication: { method: 'client_secret_basic', clientId: 'orders', clientSecret: 'secret' },
} as const;

/** A kind of the application's own, with one option that has to be there. */
const door: HandlerKind<{ readonly floor: number; readonly label?: string }> = {
  handler: (_options, { name }) => handlerCalled(name),
};

@injectable()
class Badge {
  readonly name = 'badge';
  readonly challenges = [challenge('Badge')];
  extract(): undefined {}
  verify(): never {
    throw new Error('never called');
  }
}

const kinds = { ...builtInHandlers, door, badge: { useClass: Badge }, onDuty: { guard: () => () => true } };

describe('the options of a handler are those of its kind', () => {
  test('what the table knows compiles', () => {
    registerSecurity(app(), {
      kinds,
      handlers: {
        tokens: { type: 'introspection', options: TOKENS },
        users: { type: 'basic', options: { realm: 'orders', users: { accounts: [] } } },
        door: { type: 'door', options: { floor: 3 } },
        badge: { type: 'badge' },
        own: { useClass: Badge, options: { anything: true } },
        made: { useFactory: (_options, { name }) => handlerCalled(name) },
        ready: { useValue: handlerCalled('ready') },
      },
    });
    expect(kinds.door).toBe(door);
  });

  test('a misspelt option does not compile', () => {
    registerSecurity(app(), {
      kinds,
      // @ts-expect-error the option is `realm`
      handlers: { tokens: { type: 'introspection', options: { ...TOKENS, reaml: 'x' } } },
    });
    registerSecurity(app(), {
      kinds: builtInHandlers,
      // @ts-expect-error the option is `realm`
      handlers: { tokens: { type: 'introspection', options: { reaml: 'x' } } },
    });
    expect(Object.keys(builtInHandlers)).toContain('introspection');
  });

  test('a provider brings what it needs to know, and what stands beside it has to be an option of an issuer', () => {
    const realmUrl = 'https://sso.example.com/realms/shop';
    const keycloak = { provider: 'keycloak', realmUrl, audience: 'orders' } as const;
    const register = (issuer: NonNullable<JwtKindOptions['issuers']>[number]) =>
      registerSecurity(app(), {
        kinds,
        handlers: { tokens: { type: 'jwt', options: { realm: 'orders', issuers: [issuer] } } },
      });
    register({ ...keycloak, roleClients: 'orders', maxTokenAgeSeconds: 600 });
    register({ issuer: realmUrl, audience: 'orders', algorithms: 'RS256', keys: { discovery: true } });
    // @ts-expect-error the provider is `keycloak`
    register({ provider: 'keyclock', realmUrl });
    // @ts-expect-error `realmUrl` is missing
    register({ provider: 'keycloak', audience: 'orders' });
    // @ts-expect-error the option is `maxTokenAgeSeconds`
    register({ ...keycloak, maxTokenAge: 600 });
    // @ts-expect-error the other providers need other options
    register({ provider: 'auth0', realmUrl, audience: 'orders' });
    registerSecurity(app(), {
      kinds,
      handlers: {
        tokens: {
          type: 'introspection',
          options: {
            realm: 'orders',
            provider: 'keycloak',
            realmUrl,
            clientAuthentication: TOKENS.clientAuthentication,
          },
        },
      },
    });
    expect(Object.keys(builtInHandlers)).toContain('jwt');
  });

  test('neither does a missing option, one of another type, or one of another kind', () => {
    // @ts-expect-error `floor` is missing
    registerSecurity(app(), { kinds, handlers: { door: { type: 'door', options: {} } } });
    // @ts-expect-error the options are missing
    registerSecurity(app(), { kinds, handlers: { door: { type: 'door' } } });
    // @ts-expect-error `floor` is a number
    registerSecurity(app(), { kinds, handlers: { door: { type: 'door', options: { floor: 'third' } } } });
    // @ts-expect-error `endpoint` is an option of introspection
    registerSecurity(app(), { kinds, handlers: { door: { type: 'door', options: { floor: 3, endpoint: 'x' } } } });
    expect(kinds.badge.useClass).toBe(Badge);
  });

  test('neither does an unknown kind, nor one that makes no handlers', () => {
    // @ts-expect-error the kind is `introspection`
    registerSecurity(app(), { kinds, handlers: { tokens: { type: 'introspecton', options: TOKENS } } });
    // @ts-expect-error `onDuty` makes guards
    registerSecurity(app(), { kinds, handlers: { onDuty: { type: 'onDuty' } } });
    expect(typeof kinds.onDuty.guard).toBe('function');
  });

  test('where the kinds are registered elsewhere, names and options are checked at the start', () => {
    registerSecurity(app(), { handlers: { tokens: { type: 'introspection', options: { reaml: 'x' } } } });
    const made: HandlerRegistration = { useFactory: (_options, { name }) => handlerCalled(name) };
    registerSecurity(app(), { kinds, handlers: { made } });
    // @ts-expect-error a registration that fits beside every table is of no kind
    const ofKind: HandlerRegistration = { type: 'introspection' };
    expect(ofKind).toEqual({ type: 'introspection' });
  });
});

test('tokens carry the type of their service', () => {
  expectTypeOf(tokens.clock).toEqualTypeOf<SecurityToken<Clock>>();
  const greeting = securityToken<string>('test/greeting');
  const use = ({ find, get }: ContainerServices) => {
    expectTypeOf(find(greeting)).toEqualTypeOf<string | undefined>();
    expectTypeOf(get(greeting)).toEqualTypeOf<string>();
  };
  expectTypeOf<Parameters<HandlerMaker>[1]['name']>().toEqualTypeOf<string>();
  expectTypeOf<ReturnType<typeof kinds.onDuty.guard>>().toExtend<GuardLike>();
  expect(typeof use).toBe('function');
});
