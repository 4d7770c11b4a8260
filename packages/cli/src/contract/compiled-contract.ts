import { loadDocument, openApi } from '@sallyport/openapi';
import type { Values } from '../command/command.js';
import type { Surroundings } from '../command/surroundings.js';
import { withProgress } from '../terminal/progress.js';
import type { CONTRACT_FLAGS } from './contract-flags.js';
import { needsOf, type OperationNeeds } from './needs.js';
import { schemeStandIn } from './scheme-stand-in.js';
import { textOfFile } from './text-file.js';

/** A compiled document: what a chain enforces that has it as its contract. */
export interface CompiledContract {
  /** The names of the security schemes that the document declares. */
  readonly schemes: readonly string[];
  readonly operations: readonly OperationNeeds[];
}

/**
 * Reads and compiles an OpenAPI document as a chain does, with a stand-in for each of its security schemes.
 * @throws {CommandError} where the file cannot be read
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID, as the chain would
 */
export async function compiledContract(
  path: string,
  flags: Values<typeof CONTRACT_FLAGS>,
  surroundings: Surroundings,
): Promise<CompiledContract> {
  const text = await textOfFile(path, surroundings.directory);
  return withProgress(`compiling ${path}`, surroundings, async () => {
    const { components } = await loadDocument(text);
    const schemes = Object.keys(components?.securitySchemes ?? {});
    const { operations } = await openApi(text, {
      schemes: Object.fromEntries(schemes.map((name) => [name, schemeStandIn(name)])),
      open: flags.open,
      scopes: flags.scopes,
      basePath: flags['base-path'],
    });
    return { schemes, operations: operations.map((operation) => needsOf(operation)) };
  });
}
