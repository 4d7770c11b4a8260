import { ownMember } from '@sallyport/core/extend';
import { readConfiguration } from '../chain/read-configuration.js';
import type { Environment } from '../environment/references.js';
import type { DependencyContainer } from './container.js';
import { registerRead } from './security-configuration.js';

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
