import { memberPath, option, ownMember, quotedName } from '@sallyport/core/extend';
import { optionsOf } from '../chain/configuration.js';
import {
  type ConfigurationContext,
  checkedObject,
  type ReadConfiguration,
  readConfiguration,
} from '../chain/read-configuration.js';
import type { Environment } from '../environment/references.js';
import type { GuardFinder } from '../expressions/guard-expression.js';
import { ROOT } from '../file/place.js';
import { guardBy } from '../kinds/configured-parts.js';
import type { DependencyContainer } from './container.js';
import { registerFrom } from './register-security.js';
import type { ChainDefinition, ContainerServices } from './registration.js';
import { missing, unusable } from './registration-errors.js';
import { namesUnder } from './registry.js';
import { tokens } from './tokens.js';

/**
 * Registers the handlers and the chain that a configuration describes as data. Each handler names its kind. Register
 * the kinds with `registerSecurity(container, { kinds })`, before or after this call.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and those of registerSecurity
 */
export function registerConfiguration(
  container: DependencyContainer,
  configuration: object,
  context: ConfigurationContext = {},
): void {
  registerRead(container, checkedObject(configuration, context));
}

/**
 * Registers the content of a configuration file, which is YAML or JSON. Duplicate members and unknown keys are refused.
 * Errors never quote the file, because it may hold secrets.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and those of registerSecurity
 */
export async function registerConfigurationFile(
  container: DependencyContainer,
  path: string,
  options: { readonly environment?: Environment | undefined } = {},
): Promise<void> {
  registerRead(container, await readConfiguration(path, { environment: ownMember(options, 'environment') }));
}

function registerRead(container: DependencyContainer, read: ReadConfiguration): void {
  const { settings, directory, files, located } = read;
  const { handlers, stores, chain: listed } = settings;
  if (stores.cache !== undefined || stores.counter !== undefined)
    throw located(option.invalid(`${ROOT}.stores`, 'must be absent: register cacheStore and counterStore instead'));
  const chain: ChainDefinition | undefined =
    listed &&
    (async (lookup, services) => {
      try {
        const guards = guardFinder(container, { ...services, directory });
        return await optionsOf(listed, { handlers: lookup, guards, directory, files });
      } catch (error) {
        throw located(error);
      }
    });
  const names = Object.keys(handlers);
  const placeOf = (name: string) => memberPath(`${ROOT}.handlers`, name, names.indexOf(name));
  registerFrom(container, { handlers, chain }, { directory, located, placeOf });
}

function guardFinder(container: DependencyContainer, services: ContainerServices): GuardFinder {
  return (reference) => {
    const { type } = reference;
    const token = tokens.kind(type);
    const kind = services.find(token);
    if (kind !== undefined && 'guard' in kind) return guardBy(kind, reference, services);
    if (kind !== undefined) throw unusable(token, 'makes no guards');
    const fix = `Register it: registerSecurity(container, { kinds: { ${quotedName(type)}: { guard: … } } })`;
    throw missing(token, fix, type, namesUnder(container, tokens.kind));
  };
}
