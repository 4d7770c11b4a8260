import type { SecurityChainOptions, SecurityHandler } from '@sallyport/core';
import {
  type Clock,
  type Eventually,
  type HandlerKind,
  type HandlerLookup,
  option,
  ownMembers,
  type SecurityToken,
} from '@sallyport/core/extend';
import type { ClassProvider } from './container.js';
import { securityToken } from './security-token.js';

/** The services that a container passes to the definition of a chain. */
export interface ContainerServices {
  readonly clock: Clock;
  /** The service registered under a token; undefined when there is none. */
  find<Value>(token: SecurityToken<Value>): Value | undefined;
  /** @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING */
  get<Value>(token: SecurityToken<Value>): Value;
}

/** The services that a container passes to a handler maker, and the name of the handler instance. */
export type NamedServices = ContainerServices & { readonly name: string };

/** Makes a handler without decorators. `options` are the options of this instance, including its name. */
export type HandlerMaker = (options: object, services: NamedServices) => SecurityHandler;

/** A class that the container builds: `@injectable()`, best with `@inject(token)` at every parameter. */
export type HandlerClass = Extract<
  ClassProvider<SecurityHandler>['useClass'],
  abstract new (
    ...args: never[]
  ) => unknown
>;

/** A kind of handler, of which there may be several instances. */
export type HandlerType =
  | { readonly useClass: HandlerClass }
  | { readonly useFactory: HandlerMaker }
  | HandlerKind<never>;

/**
 * One handler of a chain. `options` are passed to a class (which injects `tokens.handlerOptions`), a maker or a kind.
 */
export type HandlerRegistration =
  | (Exclude<HandlerType, HandlerKind<never>> & { readonly options?: object | undefined })
  | { readonly type: string; readonly options?: object | undefined }
  | { readonly useValue: SecurityHandler };

/** Makes the options of the chain from its handlers. May be asynchronous, for example to compile a contract. */
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

/** A handler given as `useValue` is checked when the chain is resolved, like every handler that is built. */
const WAY_CHECKS = {
  useClass: option.callable(),
  useFactory: option.callable(),
  useValue: option.unchecked<unknown>(),
  type: option.text,
};
const WAYS = Object.keys(WAY_CHECKS) as (keyof typeof WAY_CHECKS)[];

/** Checks that a registration has exactly one way to get a handler. */
export const handlerRegistration: option.Check<HandlerRegistration> = (value, name) => {
  const given: HandlerRegistration = ownMembers(option.plainObject(value, name)) as HandlerRegistration;
  const unknown = Object.keys(given).filter((key) => key !== 'options' && !Object.hasOwn(WAY_CHECKS, key));
  const ways = WAYS.filter((way) => Reflect.get(given, way) !== undefined);
  const [way] = ways;
  if (way === undefined || ways.length + unknown.length > 1) {
    throw option.invalid(name, `must have exactly one of ${WAYS.join(', ')}`);
  }
  if (way === 'useValue' && Reflect.has(given, 'options')) throw option.invalid(name, 'is built already: no options');
  WAY_CHECKS[way](Reflect.get(given, way), `${name}.${way}`);
  option.optional(option.plainObject)(Reflect.get(given, 'options'), `${name}.options`);
  return given;
};

/** Checks that a kind of handler has a function under `useClass`, `useFactory` or `handler`. */
export const handlerType: option.Check<HandlerType> = (value, name) => {
  const given = ownMembers(option.plainObject(value, name));
  if (typeof Reflect.get(given, 'handler') === 'function') return given as HandlerType;
  const { useClass, useFactory, ...others }: { useClass?: unknown; useFactory?: unknown } = given;
  const isFit = [typeof useClass, typeof useFactory].sort().join() === 'function,undefined';
  if (!isFit || Object.keys(others).length > 0)
    throw option.invalid(name, 'must have a function as useClass or useFactory');
  return given as HandlerType;
};
