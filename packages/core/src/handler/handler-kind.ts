import type { Clock } from '../clock/clock.js';
import type { SecurityHandler } from './handler.js';

declare const VALUE: unique symbol;

/** Names a service. Equal names make equal tokens, also across two copies of a package. */
export type SecurityToken<Value> = symbol & { readonly [VALUE]?: Value };

/** What a configuration or container hands to whatever makes a handler. */
export interface HandlerServices {
  /** The name of this instance. */
  readonly name: string;
  readonly clock: Clock;
  /** What is registered under a token, if anything is. */
  find<Value>(token: SecurityToken<Value>): Value | undefined;
  /** @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING */
  get<Value>(token: SecurityToken<Value>): Value;
}

/** Finds a handler of the chain by its name; each is built on first use, once per chain. */
export type HandlerLookup = (name: string) => SecurityHandler;

/** Makes a handler without decorators. `options` are those of this instance, with its name. */
export type HandlerMaker = (options: object, services: HandlerServices) => SecurityHandler;
