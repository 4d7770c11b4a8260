import type { GuardLike } from '@sallyport/core';
import { option, quotedName } from '@sallyport/core/extend';
import { chainOptions } from '../chain/configuration.js';
import { type ConfigurationContext, checkedObject, type ReadConfiguration } from '../chain/read-configuration.js';
import type { GuardReference } from '../expressions/guard-expression.js';
import { ROOT } from '../file/place.js';
import type { DependencyContainer } from './container.js';
import type { ChainDefinition, ContainerServices } from './handler-registration.js';
import { registerSecurity } from './register-security.js';
import { missing } from './registration-errors.js';
import { namesUnder } from './registry.js';
import { nameOf } from './security-token.js';
import { tokens } from './tokens.js';

/**
 * Registers the handlers and the chain that a configuration describes as data. Each handler names its kind. Register
 * the kinds with `registerSecurity(container, { handlerTypes })`, before or after this call.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and those of registerSecurity
 */
export function registerConfiguration(
  container: DependencyContainer,
  configuration: object,
  context: ConfigurationContext = {},
): void {
  registerRead(container, checkedObject(configuration, context));
}

/** Registers a configuration that was read. */
export function registerRead(container: DependencyContainer, read: ReadConfiguration): void {
  const { settings, directory, files, located } = read;
  const { handlers, stores, chain } = settings;
  if (stores.cache !== undefined || stores.counter !== undefined)
    throw located(option.invalid(`${ROOT}.stores`, 'must be absent: register cacheStore and counterStore instead'));
  const names = () => namesUnder(container, nameOf(tokens.guard('')));
  const define: ChainDefinition | undefined =
    chain &&
    (async (lookup, services) => {
      try {
        const guards = guardLookup(services, names);
        return await chainOptions(chain, { handlers: lookup, guards, directory, files });
      } catch (error) {
        throw located(error);
      }
    });
  registerSecurity(container, { handlers, chain: define });
}

function guardLookup(
  services: ContainerServices,
  names: () => readonly string[],
): (reference: GuardReference) => GuardLike {
  return ({ type, options, place }) => {
    if (options !== undefined)
      throw option.invalid(`${place}.options`, 'must be absent: the guard is registered already');
    const token = tokens.guard(type);
    const guard = services.find(token);
    if (guard !== undefined) return guard;
    const fix = `Register it: registerSecurity(container, { guards: { ${quotedName(type)}: … } })`;
    throw missing(token, fix, type, names());
  };
}
