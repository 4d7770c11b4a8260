import type { Clock } from '../clock/clock.js';
import type { SecurityHandler } from './handler.js';

declare const VALUE: unique symbol;

/** Names a service. Equal names make equal tokens, also across two copies of a package. */
export type SecurityToken<Value> = symbol & { readonly [VALUE]?: Value };

/** The services that a configuration or container passes to a handler maker. */
export interface HandlerServices {
  /** The name of the handler instance. */
  readonly name: string;
  readonly clock: Clock;
  /** The service registered under a token; undefined when there is none. */
  find<Value>(token: SecurityToken<Value>): Value | undefined;
  /** @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING */
  get<Value>(token: SecurityToken<Value>): Value;
}

/** Finds a handler of the chain by its name. Each handler is built on first use, once per chain. */
export type HandlerLookup = (name: string) => SecurityHandler;

/** Makes a handler without decorators. `options` are the options of this instance, including its name. */
export type HandlerMaker = (options: object, services: HandlerServices) => SecurityHandler;
