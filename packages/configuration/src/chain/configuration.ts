import { resolve } from 'node:path';
import type { FirewallOptions, SecurityChainOptions } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { type GuardFinder, guardExpression } from '../expressions/guard-expression.js';
import { type HandlerFinder, requirementExpression } from '../expressions/requirement-expression.js';
import { inPlace, placed, ROOT } from '../file/place.js';
import type { SourceFiles } from '../file/source-files.js';
import { configuredPart } from '../kinds/configured-part.js';
import type { ListedParts } from '../kinds/configured-parts.js';

const CONTRACT = `${ROOT}.chain.contract`;

const contractSettings = (value: unknown, name: string) =>
  option.check(name, option.plainObject(value, name), {
    document: option.text,
    schemes: option.namedValues(requirementExpression),
    basePath: option.optional(option.text),
    // The compiler of contracts checks these options.
    open: option.unchecked<readonly string[] | undefined>(),
    scopes: option.unchecked<'all' | 'any' | undefined>(),
  });

const chainSettings = (value: unknown, name: string) =>
  option.check(name, option.plainObject(value, name), {
    name: option.optional(option.text),
    requirement: option.optional(requirementExpression),
    guards: option.withDefault(option.listOf(guardExpression), []),
    contract: option.optional(contractSettings),
    // The chain checks these options.
    deadlineMs: option.unchecked<number | undefined>(),
    firewall: option.unchecked<FirewallOptions | undefined>(),
  });

const storeSettings = (value: unknown, name: string) =>
  option.check(name, option.plainObject(value ?? {}, name), {
    cache: option.optional(configuredPart),
    counter: option.optional(configuredPart),
  });

/** The chain of a configuration, with its requirements and guards compiled up to the handlers that they name. */
export type ChainSettings = ReturnType<typeof chainSettings>;

/** A configuration that was checked as far as this is possible without the kinds. */
export interface Configuration extends ListedParts {
  readonly chain: ChainSettings | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedConfiguration(data: unknown): Configuration {
  return option.check(ROOT, option.plainObject(data, ROOT), {
    handlers: option.withDefault(option.namedValues(configuredPart), {}),
    stores: storeSettings,
    chain: option.optional(chainSettings),
  });
}

/** What the chain of a configuration is made with. */
export interface ChainMaterial {
  readonly handlers: HandlerFinder;
  readonly guards: GuardFinder;
  /** The base of relative paths. */
  readonly directory: string;
  readonly files: SourceFiles;
}

/** The options of a `SecurityChain`. Loads the compiler of contracts only if there is a contract. */
export async function chainOptions(settings: ChainSettings, material: ChainMaterial): Promise<SecurityChainOptions> {
  const { requirement, guards, contract, ...others } = settings;
  return {
    ...others,
    requirement: requirement?.(material.handlers),
    guards: guards.map((guard) => guard(material.guards, material.handlers)),
    operations: contract && (await operationsOf(contract, material)),
  };
}

async function operationsOf(
  { document, schemes, ...options }: NonNullable<ChainSettings['contract']>,
  { handlers, directory, files }: ChainMaterial,
): Promise<SecurityChainOptions['operations']> {
  const proofs = Object.entries(schemes).map(([name, expression]) => [name, expression(handlers)] as const);
  const definition = await files.text(resolve(directory, document), `${CONTRACT}.document`, 'names a file that ');
  const { openApi } = await import('@sallyport/openapi');
  try {
    return await openApi(definition, { ...options, schemes: Object.fromEntries(proofs) });
  } catch (error) {
    throw placed(error, `${CONTRACT}.document`, { OpenApiOptions: CONTRACT });
  }
}

/** Makes a chain: its errors are about the chain of the configuration. */
export function inChain<Value>(make: () => Value): Value {
  const chain = `${ROOT}.chain`;
  return inPlace(chain, make, { SecurityChainOptions: chain, FirewallOptions: `${chain}.firewall` });
}
