import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option, ownMembers } from '@sallyport/core/extend';
import { type Environment, withReferences } from '../environment/references.js';
import { ParsedFile } from '../file/parsed-file.js';
import { ROOT } from '../file/place.js';
import { SourceFiles } from '../file/source-files.js';
import { type Configuration, checkedConfiguration } from './configuration.js';

/** Where the values of a configuration come from. */
export interface ConfigurationContext {
  /** The values of `${NAME}`. Default `process.env`. */
  readonly environment?: Environment | undefined;
  /** The base of relative paths. Default: the folder of the file; for an object the working directory. */
  readonly directory?: string | undefined;
}

/** A path or `file:` URL of a YAML or JSON file, or an object with the same members. */
export type ConfigurationSource = string | URL | object;

/** A configuration that was read and checked, and what its chain needs besides. */
export interface ReadConfiguration {
  readonly settings: Configuration;
  readonly directory: string;
  readonly files: SourceFiles;
  /** Puts file, line and column in front of an error that is about this configuration. */
  readonly located: (error: unknown) => unknown;
}

/**
 * Reads and checks a configuration. Nothing is built yet.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export async function readConfiguration(
  source: ConfigurationSource,
  context: ConfigurationContext = {},
  files: SourceFiles = new SourceFiles(),
): Promise<ReadConfiguration> {
  if (typeof source !== 'string' && !(source instanceof URL)) return checkedObject(source, context, files);
  const name = typeof source === 'string' ? option.text(source, ROOT) : fileURLToPath(source);
  const path = resolve(name);
  const parsed = await ParsedFile.of(await files.text(path, name), name);
  const located = (error: unknown) => parsed.located(error);
  try {
    return { ...checkedObject(parsed.content, { directory: dirname(path), ...given(context) }, files), located };
  } catch (error) {
    throw located(error);
  }
}

/**
 * Checks a configuration that is an object.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export function checkedObject(
  configuration: object,
  context: ConfigurationContext = {},
  files: SourceFiles = new SourceFiles(),
): ReadConfiguration {
  const { environment = process.env, directory = process.cwd() } = ownMembers(context);
  const data = withReferences(configuration, { environment, directory, files }, ROOT);
  return { settings: checkedConfiguration(data), directory, files, located: (error) => error };
}

/** The members that are not undefined. */
function given(context: ConfigurationContext): ConfigurationContext {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));
}
