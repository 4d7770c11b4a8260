import { memberPath, ownMember } from '@sallyport/core/extend';
import { inChain, optionsOf } from '../chain/configuration.js';
import {
  type ConfigurationContext,
  checkedObject,
  type ReadConfiguration,
  readConfiguration,
} from '../chain/read-configuration.js';
import type { Environment } from '../environment/references.js';
import type { GuardFinder } from '../expressions/guard-expression.js';
import { ROOT } from '../file/place.js';
import type { ConfiguredPart } from '../kinds/configured-part.js';
import { guardBy } from '../kinds/configured-parts.js';
import { STORE_JOBS, type StoreJob } from '../kinds/configured-stores.js';
import type { DependencyContainer } from './container.js';
import { kindCalled } from './container-kinds.js';
import { registerFrom } from './register-security.js';
import type { ChainDefinition, ContainerServices } from './registration.js';
import { missing } from './registration-errors.js';
import { type KeptStore, register, storeToken } from './registry.js';
import { STORE_TOKENS } from './tokens.js';

/**
 * Registers the handlers, the stores and the chain that a configuration describes as data. Each handler and each store
 * names its kind. Register the kinds with `registerSecurity(container, { kinds })`, before or after this call.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and those of registerSecurity
 * @example
 * registerSecurity(container, { kinds: builtInHandlers });
 * registerConfiguration(container, {
 *   handlers: { users: { type: 'basic', options: { realm: 'doors', users: { accounts: [] } } } },
 *   chain: { requirement: 'users' },
 * });
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
 * @example
 * registerSecurity(container, { kinds: builtInHandlers });
 * await registerConfigurationFile(container, 'security.yaml');
 * const chain = await resolveChain(container);
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
  const chain: ChainDefinition | undefined =
    listed &&
    (async (lookup, services) => {
      try {
        const guards = guardFinder(container, { ...services, directory });
        const { clock, counterStore } = services;
        return await optionsOf(listed, { handlers: lookup, guards, counterStore, clock, directory, files });
      } catch (error) {
        throw located(error);
      }
    });
  if (chain !== undefined) configured.set(chain, located);
  const names = Object.keys(handlers);
  const placeOf = (name: string) => memberPath(`${ROOT}.handlers`, name, names.indexOf(name));
  registerFrom(container, { handlers, chain }, { directory, located, placeOf });
  for (const job of STORE_JOBS) registerStore(container, job, stores[job], { directory, located });
}

/** The definitions that come from a configuration, and what puts its lines in front of errors. */
const configured = new WeakMap<ChainDefinition, ReadConfiguration['located']>();

/** Makes the chain of a definition. If that comes from a configuration, errors are about its `chain`. */
export function inDefinition<Chain>(definition: ChainDefinition, make: () => Chain): Chain {
  const located = configured.get(definition);
  if (located === undefined) return make();
  try {
    return inChain(make);
  } catch (error) {
    throw located(error);
  }
}

/** Each chain makes the store anew. Outside of a chain it is registered so that nothing else takes its place unnoticed. */
function registerStore(
  container: DependencyContainer,
  job: StoreJob,
  part: ConfiguredPart | undefined,
  origin: KeptStore['origin'],
): void {
  if (part === undefined) return;
  const token = STORE_TOKENS[job];
  register(container, token, () => {
    throw missing(
      token,
      'The stores of a configuration exist in a chain only: take them from the services of a handler',
    );
  });
  register(container, storeToken(job), () => ({ part, origin }));
}

function guardFinder(container: DependencyContainer, services: ContainerServices): GuardFinder {
  return (reference) => guardBy(kindCalled('guard', reference.type, services, container), reference, services);
}
