import { type Revocations, type SecurityHandler } from '@sallyport/core';
import {
  type CacheStore,
  type CounterStore,
  type HandlerMaker,
  type HandlerServices,
  type SecurityToken,
} from '@sallyport/core/extend';
import { type ConfiguredBasicOptions, withUserStore } from '../basic/configured-users.js';
import { BasicHandler } from '../basic/index.js';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '../introspection/index.js';
import { JwtHandler, type JwtHandlerOptions } from '../jwt/index.js';

// The tokens of `@sallyport/configuration/tsyringe`. Symbols with the same name are equal, so that package is not
// imported.
const CACHE_STORE: SecurityToken<CacheStore> = Symbol.for('@sallyport/core/cache-store');
const COUNTER_STORE: SecurityToken<CounterStore> = Symbol.for('@sallyport/core/counter-store');
const REVOCATIONS: SecurityToken<Revocations> = Symbol.for('@sallyport/core/revocations');

interface Kind {
  readonly useFactory: HandlerMaker;
}

const TABLE = {
  introspection: kind<IntrospectionHandlerOptions>((options, services) => {
    const [store, revocations] = [services.find(CACHE_STORE), services.find(REVOCATIONS)];
    return new IntrospectionHandler(options, { clock: services.clock, store, revocations });
  }),
  jwt: kind<JwtHandlerOptions>((options, services) => {
    const revocations = services.find(REVOCATIONS);
    return new JwtHandler(options, { clock: services.clock, revocations });
  }),
  basic: kind<ConfiguredBasicOptions>((options, services) => {
    const [counterStore, revocations] = [services.find(COUNTER_STORE), services.find(REVOCATIONS)];
    const { clock } = services;
    return new BasicHandler(withUserStore(options, clock), { clock, counterStore, revocations });
  }),
};

/**
 * The handlers of this package by the names that configuration files use:
 * `registerSecurity(container, { handlerTypes: builtInHandlers })`.
 */
export const builtInHandlers: Readonly<Record<keyof typeof TABLE, Kind>> = Object.freeze(TABLE);

/** The cast is safe, because each handler checks its options itself. */
function kind<Options>(make: (options: Options, services: HandlerServices) => SecurityHandler): Kind {
  return { useFactory: (options, services) => make(options as Options, services) };
}
