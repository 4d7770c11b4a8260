import { ConfigurationError, type SecurityHandler } from '@sallyport/core';
import { type Clock, type HandlerServices, quotedName, type SecurityToken } from '@sallyport/core/extend';
import type { DependencyContainer } from './container.js';
import { containerProblem } from './container-problem.js';
import type { ContainerServices, HandlerRegistration, HandlerType } from './handler-registration.js';
import { missing, unusable } from './registration-errors.js';
import { effective, namesUnder } from './registry.js';
import { nameOf } from './security-token.js';
import { tokens } from './tokens.js';

/** A handler under construction: its name, its options and the container that builds it. */
export interface BuildingPlace {
  readonly name: string;
  readonly options: object;
  readonly container: DependencyContainer;
  /** The error of another handler that this one needs. */
  failure?: ConfigurationError;
}

/**
 * Builds a handler.
 * @throws {ConfigurationError} for every failure; its message names the handler
 */
export function buildHandler(registration: HandlerRegistration, place: BuildingPlace, clock: Clock): SecurityHandler {
  if ('useValue' in registration) return registration.useValue;
  const type = 'type' in registration ? typeCalled(registration.type, place.container) : registration;
  try {
    const services = servicesOf(place.container, clock, `the handler ${quotedName(place.name)}`);
    if ('handler' in type) return type.handler(...(argumentsOf(place, services) as [never, HandlerServices]));
    if ('useFactory' in type) return type.useFactory(place.options, { name: place.name, ...services });
    // A new token, because the class may be registered elsewhere as a singleton of all chains.
    const own = Symbol(nameOf(tokens.handler(place.name)));
    place.container.register<SecurityHandler>(own, { useClass: type.useClass });
    return place.container.resolve<SecurityHandler>(own);
  } catch (error) {
    throw explained(error, place);
  }
}

/** The options and services of a kind. */
function argumentsOf({ name, options }: BuildingPlace, { clock, find, get }: ContainerServices) {
  const { name: _, ...others } = options as { name?: unknown };
  const services: HandlerServices = {
    name,
    clock,
    directory: process.cwd(),
    cacheStore: find(tokens.cacheStore),
    counterStore: find(tokens.counterStore),
    revocations: find(tokens.revocations),
    handler: get(tokens.handlers),
  };
  return [others, services] as const;
}

function typeCalled(name: string, container: DependencyContainer): HandlerType {
  const token = tokens.handlerType(name);
  const type = effective(container, token);
  if (type !== undefined) return type;
  const fix = `Register it: registerSecurity(container, { handlerTypes: { ${quotedName(name)}: … } })`;
  throw missing(token, fix, name, namesUnder(container, nameOf(tokens.handlerType(''))));
}

/** @param who the part that needs a service, for the error when the service is missing */
export function servicesOf(container: DependencyContainer, clock: Clock, who: string): ContainerServices {
  const find = <Value>(token: SecurityToken<Value>) => effective(container, token);
  const get = <Value>(token: SecurityToken<Value>) => {
    const value = find(token);
    if (value === undefined) throw missing(token, `Register it in the container: ${who} needs it`);
    return value;
  };
  return { clock, find, get };
}

/**
 * Explains an error while a handler is built. The container passes on only the message of an error, so `failure` holds
 * the error of another handler that this one needs.
 */
function explained(error: unknown, { name, failure }: BuildingPlace): ConfigurationError {
  const cause = failure ?? error;
  if (cause instanceof ConfigurationError) {
    return new ConfigurationError(cause.code, `handler ${quotedName(name)}: ${cause.message}`, { cause });
  }
  const problem = containerProblem(error);
  return unusable(tokens.handler(name), problem ?? 'threw while it was built', error);
}
