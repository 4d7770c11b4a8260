import type { DecisionListener, GuardLike, Revocations, SecurityHandler } from '@sallyport/core';
import type {
  CacheStore,
  Clock,
  CounterStore,
  HandlerLookup,
  RevocationBus,
  SecurityToken,
} from '@sallyport/core/extend';
import type { ChainDefinition, HandlerType } from './handler-registration.js';
import { securityToken } from './security-token.js';

function core<Value>(name: string): SecurityToken<Value> {
  return securityToken(`@sallyport/core/${name}`);
}

interface Tokens {
  readonly clock: SecurityToken<Clock>;
  /** 0 to 1, for the jitter of Retry-After. */
  readonly random: SecurityToken<() => number>;
  readonly cacheStore: SecurityToken<CacheStore>;
  /** Counts for several processes together, such as failed logins. */
  readonly counterStore: SecurityToken<CounterStore>;
  readonly revocations: SecurityToken<Revocations>;
  readonly revocationBus: SecurityToken<RevocationBus>;
  /** May be registered several times. */
  readonly decisionListener: SecurityToken<DecisionListener>;
  readonly chain: SecurityToken<ChainDefinition>;
  /** While a handler is built: the name of this instance. */
  readonly handlerName: SecurityToken<string>;
  /** While a handler is built: the options of this instance, with its name. */
  readonly handlerOptions: SecurityToken<object>;
  /** Finds the other handlers of the chain by name. */
  readonly handlers: SecurityToken<HandlerLookup>;
  readonly handler: (name: string) => SecurityToken<SecurityHandler>;
  readonly options: (handlerName: string) => SecurityToken<object>;
  readonly handlerType: (name: string) => SecurityToken<HandlerType>;
  readonly guard: (name: string) => SecurityToken<GuardLike>;
}

/** The tokens of Sallyport: what may be injected, registered and overridden. */
export const tokens: Tokens = Object.freeze({
  clock: core<Clock>('clock'),
  random: core<() => number>('random'),
  cacheStore: core<CacheStore>('cache-store'),
  counterStore: core<CounterStore>('counter-store'),
  revocations: core<Revocations>('revocations'),
  revocationBus: core<RevocationBus>('revocation-bus'),
  decisionListener: core<DecisionListener>('decision-listener'),
  chain: core<ChainDefinition>('chain'),
  handlerName: core<string>('handler-name'),
  handlerOptions: core<object>('handler-options'),
  handlers: core<HandlerLookup>('handlers'),
  handler: (name: string) => core<SecurityHandler>(`handler/${name}`),
  options: (handlerName: string) => core<object>(`options/${handlerName}`),
  handlerType: (name: string) => core<HandlerType>(`handler-type/${name}`),
  guard: (name: string) => core<GuardLike>(`guard/${name}`),
});
