import type { Guard } from '@sallyport/core';
import { ContractError, type OpenApiDocument, openApi } from '@sallyport/openapi';
import { declaredSchemes, namedGuards, readDefinition } from '@sallyport/openapi/extend';
import type { Values } from '../command/command.js';
import { CommandError } from '../command/command-error.js';
import type { Surroundings } from '../command/surroundings.js';
import { withProgress } from '../terminal/progress.js';
import type { CONTRACT_FLAGS } from './contract-flags.js';
import { needsOf, type OperationNeeds } from './needs.js';
import { standIn, standInGuard } from './stand-in.js';
import { textOfFile } from './text-file.js';

/** A security scheme as a document declares it, with what a reference leads to. */
export type DeclaredScheme = Readonly<Record<string, unknown>>;

/** A compiled document: what a chain enforces that has it as its contract. */
export interface CompiledContract {
  /** The security schemes that the document declares, by their names. */
  readonly schemes: ReadonlyMap<string, DeclaredScheme>;
  readonly operations: readonly OperationNeeds[];
}

/**
 * Reads and compiles an OpenAPI document as a chain does, with a stand-in for each of its security schemes and for each guard that it
 * names.
 * @throws {CommandError} where the file cannot be read, and with the faults for which a chain would refuse it
 */
export async function compiledContract(
  path: string,
  flags: Values<typeof CONTRACT_FLAGS>,
  surroundings: Surroundings,
): Promise<CompiledContract> {
  const text = await textOfFile(path, surroundings.directory);
  try {
    return await withProgress(`compiling ${path}`, surroundings, () => compiled(text, flags));
  } catch (error) {
    throw error instanceof ContractError ? refusedDocument(path, error) : error;
  }
}

async function compiled(text: string, flags: Values<typeof CONTRACT_FLAGS>): Promise<CompiledContract> {
  const definition = await readDefinition(text);
  const declared = declaredSchemes(definition.document as OpenApiDocument, definition.faults);
  const { operations } = await openApi(text, {
    schemes: Object.fromEntries([...declared.keys()].map((name, index) => [name, standIn(name, index)])),
    guards: standInsFor(namedGuards(definition), ''),
    rateClasses: standInsFor(namedGuards(definition, 'rateClasses'), 'rate class '),
    open: flags.open,
    scopes: flags.scopes,
    basePath: flags['base-path'],
    // Stand-ins prove nothing, so that every scheme would be doubtful.
    doubts: () => {},
  });
  const schemes = new Map(Array.from(declared, ([name, { scheme }]) => [name, scheme]));
  return { schemes, operations: operations.map(needsOf) };
}

function standInsFor(names: readonly string[], kind: string): Readonly<Record<string, Guard>> {
  return Object.fromEntries(names.map((name) => [name, standInGuard(`${kind}${name}`)]));
}

/** Each fault of a document in a line, with its place. */
export function refusedDocument(path: string, { faults }: ContractError): CommandError {
  const [first = '', ...others] = faults.map(({ line, column, pointer, problem }) => {
    const place = line === undefined ? path : `${path}:${line}:${column}`;
    return `${place} ${problem}${pointer === '' ? '' : ` (#${pointer})`}`;
  });
  return new CommandError(first, ...others);
}
