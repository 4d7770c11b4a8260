import type { DecisionListener, Revocations, SecurityHandler } from '@sallyport/core';
import type { CacheStore, Clock, CounterStore, HandlerLookup, RevocationBus } from '@sallyport/core/extend';
import type { ChainDefinition, ContainerKind } from './registration.js';
import { ownToken, type SecurityToken } from './security-token.js';

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
  readonly kind: (name: string) => SecurityToken<ContainerKind>;
}

/** The tokens of Sallyport: what may be injected, registered and overridden. */
export const tokens: Tokens = Object.freeze({
  clock: ownToken<Clock>('clock'),
  random: ownToken<() => number>('random'),
  cacheStore: ownToken<CacheStore>('cache-store'),
  counterStore: ownToken<CounterStore>('counter-store'),
  revocations: ownToken<Revocations>('revocations'),
  revocationBus: ownToken<RevocationBus>('revocation-bus'),
  decisionListener: ownToken<DecisionListener>('decision-listener'),
  chain: ownToken<ChainDefinition>('chain'),
  handlerName: ownToken<string>('handler-name'),
  handlerOptions: ownToken<object>('handler-options'),
  handlers: ownToken<HandlerLookup>('handlers'),
  handler: (name: string) => ownToken<SecurityHandler>(`handler/${name}`),
  options: (handlerName: string) => ownToken<object>(`options/${handlerName}`),
  kind: (name: string) => ownToken<ContainerKind>(`kind/${name}`),
});
