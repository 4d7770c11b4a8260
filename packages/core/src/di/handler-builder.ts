import type { Clock } from '../clock.js';
import { ConfigurationError } from '../errors.js';
import type { SecurityHandler } from '../handler/handler.js';
import type { DependencyContainer } from './container.js';
import type { ContainerServices, HandlerRegistration, HandlerType } from './handler-registration.js';
import { missing, unusable } from './registration-errors.js';
import { effective, namesUnder } from './registry.js';
import { nameOf, type SecurityToken, tokens } from './tokens.js';

/** Where a handler is built, under which name and with which options. */
export interface BuildingPlace {
  readonly name: string;
  readonly options: object;
  readonly container: DependencyContainer;
}

/** @throws {ConfigurationError} that names the handler, whatever goes wrong */
export function buildHandler(registration: HandlerRegistration, place: BuildingPlace, clock: Clock): SecurityHandler {
  if ('useValue' in registration) return registration.useValue;
  const type = 'type' in registration ? typeCalled(registration.type, place.container) : registration;
  try {
    const services = servicesOf(place.container, clock, `the handler ${JSON.stringify(place.name)}`);
    if ('useFactory' in type) return type.useFactory(place.options, { name: place.name, ...services });
    // A token of its own: the class may be registered elsewhere as a singleton of all chains.
    const own = Symbol(nameOf(tokens.handler(place.name)));
    place.container.register<SecurityHandler>(own, { useClass: type.useClass });
    return place.container.resolve<SecurityHandler>(own);
  } catch (error) {
    throw explained(error, place.name);
  }
}

function typeCalled(name: string, container: DependencyContainer): HandlerType {
  const token = tokens.handlerType(name);
  const type = effective(container, token);
  if (type !== undefined) return type;
  const fix = `Register it: registerSecurity(container, { handlerTypes: { ${JSON.stringify(name)}: … } })`;
  throw missing(token, fix, name, namesUnder(container, nameOf(tokens.handlerType(''))));
}

/** @param who needs a service, for the error when it is missing */
export function servicesOf(container: DependencyContainer, clock: Clock, who: string): ContainerServices {
  const find = <Value>(token: SecurityToken<Value>) => effective(container, token);
  const get = <Value>(token: SecurityToken<Value>) => {
    const value = find(token);
    if (value === undefined) throw missing(token, `Register it in the container: ${who} needs it`);
    return value;
  };
  return { clock, find, get };
}

const FROM_CONTAINER = /^(?:Cannot inject|Attempted to|TypeInfo not known)/;

function explained(error: unknown, name: string): ConfigurationError {
  const token = tokens.handler(name);
  if (error instanceof ConfigurationError) {
    return new ConfigurationError(error.code, `handler ${JSON.stringify(name)}: ${error.message}`, { cause: error });
  }
  // Messages of others may quote options, and options hold secrets.
  const message = error instanceof Error && FROM_CONTAINER.test(error.message) ? error.message : undefined;
  if (message === undefined) return unusable(token, 'threw while it was built', error);
  const fix = /"(?:Function|Object)"/.test(message)
    ? 'Import the class as a value, not as a type, or say @inject(token)'
    : 'Register what is missing in the container, or say @inject(token)';
  return unusable(token, `cannot be built: ${message.replace(/\s+/g, ' ')}. ${fix}`, error);
}
