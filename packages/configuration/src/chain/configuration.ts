import { resolve } from 'node:path';
import type { Limit, SecurityChainOptions } from '@sallyport/core';
import { chainOptions, option } from '@sallyport/core/extend';
import { type GuardMaterial, guardExpression } from '../expressions/guard-expression.js';
import { requirementExpression } from '../expressions/requirement-expression.js';
import { inPlace, placed, ROOT } from '../file/place.js';
import type { SourceFiles } from '../file/source-files.js';
import { configuredPart } from '../kinds/configured-part.js';
import type { ListedParts } from '../kinds/configured-parts.js';

const CONTRACT = `${ROOT}.chain.contract`;

export const CONTRACT_SETTINGS = option.table('ConfiguredContract', {
  /** The OpenAPI document: a path, from the folder of the configuration. */
  document: option.text,
  /** The requirement of each security scheme of the document. */
  schemes: option.namedValues(requirementExpression),
  /** Prefix of all paths, or several of them. Default: the paths of all servers of the document. */
  basePath: option.optional(option.textOrTexts),
  /** Operations, by `operationId`, that are open to everybody although the document says nothing of their security. */
  open: option.optional(option.listOf(option.text)),
  /** Whether all scopes of a scheme are needed or one is enough. Default `all`. */
  scopes: option.optional(option.oneOf('all', 'any')),
  /** Guards that the document names in `x-sallyport`, by these names. */
  guards: option.optional(option.namedValues(guardExpression)),
  /** What limits the requests of callers: the document names them in `x-sallyport`, by these names. */
  rateClasses: option.optional(option.namedValues(guardExpression)),
  /** Whether what is hardly meant is a warning at start or an error, such as a scope that is not declared. Default `warn`. */
  doubts: option.optional(option.oneOf('warn', 'error')),
  /** Whether the document was checked before start, and is not validated against the schema of OpenAPI again. */
  validated: option.optional(option.flag),
});

export const CHAIN_SETTINGS = option.table('ConfiguredChain', {
  /** What every request has to prove. With a contract: what requests outside of its operations have to prove. */
  requirement: option.optional(requirementExpression),
  /** Checks after authentication, on every request. */
  guards: option.withDefault(option.listOf(guardExpression), []),
  /** Limits that are asked before anybody is authenticated: by network, by operation, of everybody. */
  limits: option.withDefault(option.listOf(guardExpression), []),
  /** Requirements by operation, from an OpenAPI document. */
  contract: option.optional(CONTRACT_SETTINGS),
});

/** With the options of a chain that are data. */
export const chainSettings = option.merged(
  option.without(chainOptions, 'requirement', 'guards', 'limits', 'operations', 'format'),
  CHAIN_SETTINGS,
);

export const STORES = option.table('ConfiguredStores', {
  /** Shared cache of introspected tokens. */
  cache: option.optional(configuredPart),
  /** Counts for several processes together, such as failed logins. */
  counter: option.optional(configuredPart),
  /** Remembers what may happen only once, such as a delivery of a webhook. */
  once: option.optional(configuredPart),
});

export const CONFIGURATION = option.table('Configuration', {
  /** The handlers by name, which also stands in events. */
  handlers: option.withDefault(option.namedValues(configuredPart), {}),
  /** Stores that several processes share. */
  stores: option.group(STORES),
  /** What requests have to prove. */
  chain: option.optional(chainSettings),
});

/** The chain of a configuration, with its requirements and guards compiled up to the handlers that they name. */
export type ChainSettings = option.Kept<typeof chainSettings>;

/** A configuration that was checked as far as this is possible without the kinds. */
export interface Configuration extends ListedParts {
  readonly chain: ChainSettings | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedConfiguration(data: unknown): Configuration {
  return CONFIGURATION(data, ROOT);
}

/** What the chain of a configuration is made with. */
export interface ChainMaterial extends GuardMaterial {
  /** The base of relative paths. */
  readonly directory: string;
  readonly files: SourceFiles;
}

/** The options of a `SecurityChain`. Loads the compiler of contracts only if there is a contract. */
export async function optionsOf(settings: ChainSettings, material: ChainMaterial): Promise<SecurityChainOptions> {
  const { requirement, guards, limits, contract, ...others } = settings;
  return {
    ...others,
    requirement: requirement?.(material.handlers),
    guards: guards.map((guard) => guard(material)),
    // The chain checks that they are limits.
    limits: limits.map((limit) => limit(material) as Limit),
    operations: contract && (await operationsOf(contract, material)),
  };
}

async function operationsOf(
  { document, schemes, guards = {}, rateClasses = {}, ...options }: NonNullable<ChainSettings['contract']>,
  material: ChainMaterial,
): Promise<SecurityChainOptions['operations']> {
  const { handlers, directory, files } = material;
  const proofs = Object.entries(schemes).map(([name, expression]) => [name, expression(handlers)] as const);
  const made = (named: typeof guards) =>
    Object.fromEntries(Object.entries(named).map(([name, expression]) => [name, expression(material)]));
  const checks = { guards: made(guards), rateClasses: made(rateClasses) };
  const definition = await files.text(resolve(directory, document), `${CONTRACT}.document`, 'names a file that ');
  const { openApi } = await import('@sallyport/openapi');
  try {
    const given = { ...options, ...checks, schemes: Object.fromEntries(proofs) };
    return await openApi(definition, given, { clock: material.clock });
  } catch (error) {
    throw placed(error, `${CONTRACT}.document`, { OpenApiOptions: CONTRACT });
  }
}

/** Makes a chain: its errors are about the chain of the configuration. */
export function inChain<Value>(make: () => Value): Value {
  const chain = `${ROOT}.chain`;
  return inPlace(chain, make, { SecurityChainOptions: chain, FirewallOptions: `${chain}.firewall` });
}
