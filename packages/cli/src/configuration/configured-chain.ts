import { dirname, resolve } from 'node:path';
import { chainFrom, parseConfiguration } from '@sallyport/configuration';
import type { SecurityChain } from '@sallyport/core';
import type { Values } from '../command/command.js';
import type { Surroundings } from '../command/surroundings.js';
import { textOfFile } from '../contract/text-file.js';
import { withProgress } from '../terminal/progress.js';
import type { CONFIGURATION_FLAGS } from './configuration-flags.js';
import { kindsFor } from './kinds.js';

/**
 * Builds and starts the chain of a configuration file, uses it, and closes it.
 * @throws {CommandError} where the file cannot be read
 * @throws {ConfigurationError} with file, line and column
 */
export async function withConfiguredChain<Value>(
  file: string,
  flags: Values<typeof CONFIGURATION_FLAGS>,
  surroundings: Surroundings,
  use: (chain: SecurityChain) => Promise<Value>,
): Promise<Value> {
  const chain = await chainOf(file, flags, surroundings);
  try {
    await withProgress(`starting ${file}`, surroundings, () => chain.start());
    return await use(chain);
  } finally {
    await chain.close();
  }
}

async function chainOf(
  file: string,
  flags: Values<typeof CONFIGURATION_FLAGS>,
  { directory, environment }: Surroundings,
): Promise<SecurityChain> {
  const text = await textOfFile(file, directory);
  const kinds = await kindsFor(flags, directory);
  const parsed = await parseConfiguration(text, file);
  try {
    return await chainFrom(parsed.content, { kinds, environment, directory: dirname(resolve(directory, file)) });
  } catch (error) {
    throw parsed.located(error);
  }
}
