import { parseConfiguration } from '@sallyport/configuration';
import { CommandError } from '../command/command-error.js';
import { textOfFile } from '../contract/text-file.js';

/** What a configuration file says of the contract that its chain enforces. */
export interface ConfiguredContract {
  /** The names of the schemes that it proves. */
  readonly proved: ReadonlySet<string>;
  readonly open: readonly string[];
  readonly basePaths: readonly string[] | undefined;
}

/**
 * Reads the part of a configuration file that is about its contract. Handlers are not built, and no reference is resolved.
 * @throws {CommandError} if the file cannot be read or has no contract
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with line and column, if it cannot be parsed
 */
export async function configuredContract(file: string, directory: string): Promise<ConfiguredContract> {
  const { content } = await parseConfiguration(await textOfFile(file, directory), file);
  const contract = memberOf(memberOf(content, 'chain'), 'contract');
  const schemes = memberOf(contract, 'schemes');
  if (typeof schemes !== 'object' || schemes === null) {
    throw new CommandError(`${file} has no chain.contract with schemes; sallyport config check tells more`);
  }
  const basePaths = textsOf(memberOf(contract, 'basePath'));
  return {
    proved: new Set(Object.keys(schemes)),
    open: textsOf(memberOf(contract, 'open')),
    basePaths: basePaths.length === 0 ? undefined : basePaths,
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}
