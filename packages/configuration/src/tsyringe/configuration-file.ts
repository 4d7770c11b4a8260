import { dirname, resolve } from 'node:path';
import { option, ownMember } from '@sallyport/core/extend';
import type { Environment } from '../environment/environment-references.js';
import type { DependencyContainer } from './container.js';
import { registerConfiguration, textOf } from './security-configuration.js';

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
  const environment = ownMember(options, 'environment');
  const configuration = option.plainObject(await parsed(await textOf(path), path), path);
  registerConfiguration(container, configuration, { environment, source: path, directory: dirname(resolve(path)) });
}

/**
 * Tags are off, because they would make sets, dates and bytes. Warnings are not logged, because they would quote the
 * file.
 */
const STRICT = { uniqueKeys: true, prettyErrors: false, resolveKnownTags: false, logLevel: 'error' } as const;

async function parsed(text: string, path: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...STRICT, lineCounter });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw option.invalid(path, `is neither YAML nor JSON: ${problem.code} in line ${line}, column ${col}`);
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw option.invalid(path, 'has aliases that cannot be resolved, or too many of them');
  }
}
