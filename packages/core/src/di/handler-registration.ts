import type { SecurityChainOptions } from '../chain/chain-options.js';
import type { Clock } from '../clock.js';
import type { Eventually } from '../eventually.js';
import type { SecurityHandler } from '../handler/handler.js';
import { callable, invalid, type OptionCheck, optionalOption, plainObject, text, unchecked } from '../options.js';
import { ownMembers } from '../own-members.js';
import type { ClassProvider } from './container.js';
import { type SecurityToken, securityToken } from './tokens.js';

/** What a container hands to functions that build handlers and chains. */
export interface ContainerServices {
  readonly clock: Clock;
  /** What is registered under a token, if anything is. */
  find<Value>(token: SecurityToken<Value>): Value | undefined;
  /** @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING */
  get<Value>(token: SecurityToken<Value>): Value;
}

export interface HandlerServices extends ContainerServices {
  /** The name of this instance. */
  readonly name: string;
}

/** A class that the container builds: `@injectable()`, best with `@inject(token)` at every parameter. */
export type HandlerClass = ClassProvider<SecurityHandler>['useClass'];

/** Makes a handler without decorators. `options` are those of this instance, with its name. */
export type HandlerMaker = (options: object, services: HandlerServices) => SecurityHandler;

/** A kind of handler, of which there may be several instances. */
export type HandlerType = { readonly useClass: HandlerClass } | { readonly useFactory: HandlerMaker };

/** One handler of a chain. Classes, makers and kinds get `options`, a class by injecting `tokens.handlerOptions`. */
export type HandlerRegistration =
  | (HandlerType & { readonly options?: object | undefined })
  | { readonly type: string; readonly options?: object | undefined }
  | { readonly useValue: SecurityHandler };

/** Finds a handler of the chain by its name; each is built on first use, once per chain. */
export type HandlerLookup = (name: string) => SecurityHandler;

/** Says what the chain requires, in terms of its handlers. May be asynchronous, to compile a contract. */
export type ChainDefinition = (
  handlers: HandlerLookup,
  services: ContainerServices,
) => Eventually<SecurityChainOptions>;

/** The token under which the registration of a handler, not the handler itself, is kept. */
export function registrationToken(handlerName: string): SecurityToken<HandlerRegistration> {
  return securityToken(`@sallyport/core/handler-registration/${handlerName}`);
}

export function optionsIn(registration: HandlerRegistration): object {
  return 'options' in registration ? (registration.options ?? {}) : {};
}

/** What is registered as `useValue` is checked when the chain is resolved, as everything that is built is. */
const WAY_CHECKS = { useClass: callable(), useFactory: callable(), useValue: unchecked<unknown>(), type: text };
const WAYS = Object.keys(WAY_CHECKS) as (keyof typeof WAY_CHECKS)[];

/** Checks that a registration names exactly one way to a handler. */
export const handlerRegistration: OptionCheck<HandlerRegistration> = (value, name) => {
  const given: HandlerRegistration = ownMembers(plainObject(value, name)) as HandlerRegistration;
  const unknown = Object.keys(given).filter((key) => key !== 'options' && !Object.hasOwn(WAY_CHECKS, key));
  const ways = WAYS.filter((way) => Reflect.get(given, way) !== undefined);
  const [way] = ways;
  if (way === undefined || ways.length + unknown.length > 1) {
    throw invalid(name, `must have exactly one of ${WAYS.join(', ')}`);
  }
  if (way === 'useValue' && Reflect.has(given, 'options')) throw invalid(name, 'is built already: no options');
  WAY_CHECKS[way](Reflect.get(given, way), `${name}.${way}`);
  optionalOption(plainObject)(Reflect.get(given, 'options'), `${name}.options`);
  return given;
};

/** Checks that a kind of handler is a class or a function, named as such. */
export const handlerType: OptionCheck<HandlerType> = (value, name) => {
  const given = ownMembers(plainObject(value, name));
  const { useClass, useFactory, ...others }: { useClass?: unknown; useFactory?: unknown } = given;
  const isFit = [typeof useClass, typeof useFactory].sort().join() === 'function,undefined';
  if (!isFit || Object.keys(others).length > 0) throw invalid(name, 'must have a function as useClass or useFactory');
  return given as HandlerType;
};
