import type { CacheStore } from '../cache/cache-store.js';
import type { RevocationBus } from '../cache/revocation-bus.js';
import type { Revocations } from '../cache/revocations.js';
import type { Clock } from '../clock.js';
import type { DecisionListener } from '../events/decision-events.js';
import type { GuardLike } from '../guard/guard.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { ChainDefinition, HandlerLookup, HandlerType } from './handler-registration.js';

declare const VALUE: unique symbol;

/** Names a value in a container. Equal names make equal tokens, also across two copies of a package. */
export type SecurityToken<Value> = symbol & { readonly [VALUE]?: Value };

/** A token of your own, for what your handlers need. */
export function securityToken<Value>(name: string): SecurityToken<Value> {
  return Symbol.for(name);
}

function core<Value>(name: string): SecurityToken<Value> {
  return securityToken(`@sallyport/core/${name}`);
}

interface Tokens {
  readonly clock: SecurityToken<Clock>;
  /** 0 to 1, for the jitter of Retry-After. */
  readonly random: SecurityToken<() => number>;
  readonly cacheStore: SecurityToken<CacheStore>;
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

/** How a token is called in messages. */
export function nameOf(token: symbol): string {
  return token.description ?? 'a token without a name';
}
