import type { DecisionListener, Revocations, SecurityHandler } from '@sallyport/core';
import type { CacheStore, Clock, CounterStore, HandlerLookup, OnceStore, RevocationBus } from '@sallyport/core/extend';
import type { StoreJob } from '../kinds/configured-stores.js';
import type { ChainDefinition, ContainerKind } from './registration.js';
import { ownToken, type SecurityToken } from './security-token.js';

/**
 * The tokens of Sallyport: what may be injected, registered and overridden.
 * @example
 * container.register(tokens.clock, { useValue: new ManualClock() });
 */
export const tokens = Object.freeze({
  clock: ownToken<Clock>('clock'),
  /** 0 to 1, for the jitter of Retry-After. */
  random: ownToken<() => number>('random'),
  cacheStore: ownToken<CacheStore>('cache-store'),
  /** Counts for several processes together, such as failed logins. */
  counterStore: ownToken<CounterStore>('counter-store'),
  /** Remembers for several processes together what may happen only once. */
  onceStore: ownToken<OnceStore>('once-store'),
  revocations: ownToken<Revocations>('revocations'),
  revocationBus: ownToken<RevocationBus>('revocation-bus'),
  /** May be registered several times. */
  decisionListener: ownToken<DecisionListener>('decision-listener'),
  chain: ownToken<ChainDefinition>('chain'),
  /** While a handler is built: the name of this instance. */
  handlerName: ownToken<string>('handler-name'),
  /** While a handler is built: the options of this instance, with its name. */
  handlerOptions: ownToken<object>('handler-options'),
  /** Finds the other handlers of the chain by name. */
  handlers: ownToken<HandlerLookup>('handlers'),
  handler: (name: string) => ownToken<SecurityHandler>(`handler/${name}`),
  options: (handlerName: string) => ownToken<object>(`options/${handlerName}`),
  kind: (name: string) => ownToken<ContainerKind>(`kind/${name}`),
});

/** The tokens that stand for one service of a chain, by the name of its option. */
export const SERVICE_TOKENS: Readonly<Record<string, SecurityToken<unknown>>> = {
  chain: tokens.chain,
  clock: tokens.clock,
  random: tokens.random,
  cacheStore: tokens.cacheStore,
  counterStore: tokens.counterStore,
  onceStore: tokens.onceStore,
  revocations: tokens.revocations,
  revocationBus: tokens.revocationBus,
};

/** The tokens of the stores that a configuration may list, by what they are for. */
export const STORE_TOKENS: Readonly<Record<StoreJob, SecurityToken<unknown>>> = {
  cache: tokens.cacheStore,
  counter: tokens.counterStore,
  once: tokens.onceStore,
};
