import type { DecisionListener, SecurityChain } from '@sallyport/core';
import {
  cacheStoreCheck,
  clockCheck,
  counterStoreCheck,
  onceStoreCheck,
  option,
  revocationsCheck,
  systemClock,
} from '@sallyport/core/extend';
import type { Environment } from '../environment/references.js';
import { ROOT } from '../file/place.js';
import { SourceFiles } from '../file/source-files.js';
import { ConfiguredParts } from '../kinds/configured-parts.js';
import { kindTable } from '../kinds/kind-table.js';
import { BuiltChain } from './built-chain.js';
import { inChain, optionsOf } from './configuration.js';
import { type ConfigurationSource, type ReadConfiguration, readConfiguration } from './read-configuration.js';

export const SHARED_SERVICES = option.table('SharedServices', {
  /** 0 to 1, for the jitter of Retry-After. Default `Math.random`. */
  random: option.optional(option.callable<() => number>()),
  /** Shared cache of introspected tokens. Needs a `cache.secret` in the options of each introspection handler. */
  cacheStore: option.optional(cacheStoreCheck),
  /** Counts for several processes together, such as failed logins. */
  counterStore: option.optional(counterStoreCheck),
  /** Remembers for several processes together what may happen only once, such as a delivery of a webhook. */
  onceStore: option.optional(onceStoreCheck),
  /** What was revoked. The application keeps this object, so that it can revoke. */
  revocations: option.optional(revocationsCheck),
  /** Called with every decision of the chain. */
  decisionListeners: option.withDefault(option.listOf(option.callable<DecisionListener>()), []),
});

/** What an application gives to a chain, by whatever configuration it is built. */
export interface SharedServices extends option.Given<typeof SHARED_SERVICES> {}

export const sharedServices: option.Table<option.Kept<typeof SHARED_SERVICES>, SharedServices> = SHARED_SERVICES;

export const CHAIN_SERVICES = option.table('ChainServices', {
  /** The handlers, guards and stores that the configuration may name. `builtInHandlers` is the table of Sallyport's. */
  kinds: kindTable,
  /** The values of `${NAME}`. Default `process.env`. */
  environment: option.unchecked<Environment | undefined>(),
  /** The base of relative paths. Default: the folder of the file; for an object the working directory. */
  directory: option.optional(option.text),
  /** The clock of the chain and of everything in it. */
  clock: option.withDefault(clockCheck, systemClock),
});

export interface ChainServices extends SharedServices, option.Given<typeof CHAIN_SERVICES> {}

/** The services of a chain, checked. */
export interface CheckedServices extends option.Kept<typeof SHARED_SERVICES>, option.Kept<typeof CHAIN_SERVICES> {}

export const chainServices: option.Table<CheckedServices, ChainServices> = option.merged(
  sharedServices,
  CHAIN_SERVICES,
);

/**
 * Builds a chain from a configuration: a path or `file:` URL of a YAML or JSON file, or an object with the same members.
 * Start the chain before the first request and close it after the last. No container is loaded.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and the errors of handlers,
 *   contracts and chains, each with file, line and column; never with a value
 * @example
 * const chain = await chainFrom('security.yaml', { kinds: builtInHandlers });
 * await chain.start();
 */
export async function chainFrom(source: ConfigurationSource, services: ChainServices): Promise<SecurityChain> {
  return buildChain(source, chainServices(services), new SourceFiles());
}

/** The same. `files` remembers what was read, also when it rejects. */
export async function buildChain(
  source: ConfigurationSource,
  services: CheckedServices,
  files: SourceFiles,
): Promise<BuiltChain> {
  const { environment, directory } = services;
  const read = await readConfiguration(source, { environment, directory }, files);
  try {
    return await built(read, services);
  } catch (error) {
    throw read.located(error);
  }
}

const CLOSE_TIMEOUT_MS = 5_000;

async function built(read: ReadConfiguration, services: CheckedServices): Promise<BuiltChain> {
  const { settings, directory, files } = read;
  const { kinds, clock, random, decisionListeners: listeners } = services;
  const { cacheStore, counterStore, onceStore, revocations } = services;
  if (settings.chain === undefined) throw option.invalid(ROOT, 'must have a chain');
  const parts = new ConfiguredParts(kinds, settings, {
    clock,
    directory,
    cacheStore,
    counterStore,
    onceStore,
    revocations,
  });
  try {
    const { handler: handlers, guard: guards, counterStore: counts } = parts;
    const material = { handlers, guards, counterStore: counts, clock, directory, files };
    const options = await optionsOf(settings.chain, material);
    return inChain(() => new BuiltChain(options, { clock, random, listeners }, parts));
  } catch (error) {
    await parts.close(CLOSE_TIMEOUT_MS).catch(() => {});
    throw error;
  }
}
