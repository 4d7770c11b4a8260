import { type Revocations } from '@sallyport/core';
import {
  type CacheStore,
  type CounterStore,
  type HandlerMaker,
  type HandlerServices,
  ownMembers,
  type SecurityToken,
} from '@sallyport/core/extend';
import { BasicHandler, type BasicHandlerOptions } from '../basic/index.js';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '../introspection/index.js';
import { JwtHandler, type JwtHandlerOptions } from '../jwt/index.js';
import { configuredUsers } from './configured-users.js';

// The tokens of `@sallyport/configuration/tsyringe` by their names, which is what makes tokens equal.
const CACHE_STORE: SecurityToken<CacheStore> = Symbol.for('@sallyport/core/cache-store');
const COUNTER_STORE: SecurityToken<CounterStore> = Symbol.for('@sallyport/core/counter-store');
const REVOCATIONS: SecurityToken<Revocations> = Symbol.for('@sallyport/core/revocations');

/**
 * The handlers of this package by the names that configuration files use:
 * `registerSecurity(container, { handlerTypes: builtInHandlers })`. Each checks its options itself.
 */
export const builtInHandlers: Readonly<
  Record<'introspection' | 'jwt' | 'basic', { readonly useFactory: HandlerMaker }>
> = Object.freeze({
  introspection: {
    useFactory: (options: object, services: HandlerServices) =>
      new IntrospectionHandler(options as IntrospectionHandlerOptions, {
        clock: services.clock,
        store: services.find(CACHE_STORE),
        revocations: services.find(REVOCATIONS),
      }),
  },
  jwt: {
    useFactory: (options: object, services: HandlerServices) =>
      new JwtHandler(options as JwtHandlerOptions, {
        clock: services.clock,
        revocations: services.find(REVOCATIONS),
      }),
  },
  basic: {
    useFactory: (options: object, services: HandlerServices) => {
      const { users, ...others } = ownMembers(options as Partial<BasicHandlerOptions>);
      return new BasicHandler({ ...others, users: configuredUsers(users, services.clock) } as BasicHandlerOptions, {
        clock: services.clock,
        counterStore: services.find(COUNTER_STORE),
        revocations: services.find(REVOCATIONS),
      });
    },
  },
});
