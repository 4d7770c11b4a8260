import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FirewallOptions, GuardLike, SecurityChainOptions } from '@sallyport/core';
import { type HandlerLookup, option, ownMembers, quotedName } from '@sallyport/core/extend';
import { type Environment, withEnvironment } from '../environment/environment-references.js';
import { guardExpression } from '../expressions/guard-expression.js';
import { requirementExpression } from '../expressions/requirement-expression.js';
import type { DependencyContainer } from './container.js';
import type { ChainDefinition, ContainerServices, HandlerRegistration } from './handler-registration.js';
import { registerSecurity } from './register-security.js';
import { missing } from './registration-errors.js';
import { namesUnder } from './registry.js';
import { nameOf } from './security-token.js';
import { tokens } from './tokens.js';

export interface ConfigurationContext {
  /** The values of `${NAME}`. Default `process.env`. */
  readonly environment?: Environment | undefined;
  /** The name of the configuration in errors. Default `configuration`. */
  readonly source?: string | undefined;
  /** The base of relative paths in the configuration. Default: the working directory. */
  readonly directory?: string | undefined;
}

/**
 * Registers the handlers and the chain that a configuration describes as data. Each handler names its kind. Register
 * the kinds with `registerSecurity(container, { handlerTypes })`, before or after this call.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN and those of registerSecurity
 */
export function registerConfiguration(
  container: DependencyContainer,
  configuration: object,
  context: ConfigurationContext = {},
): void {
  const { environment = process.env, source = 'configuration', directory = process.cwd() } = ownMembers(context);
  const resolved = option.plainObject(withEnvironment(configuration, environment, source), source);
  const { handlers, chain } = option.check(source, resolved, {
    handlers: option.withDefault(option.namedValues(configuredHandler), {}),
    chain: option.optional(chainSettings),
  });
  const names = () => namesUnder(container, nameOf(tokens.guard('')));
  const define: ChainDefinition | undefined =
    chain && ((lookup, services) => optionsOf(chain, directory, lookup, guardLookup(services, names)));
  registerSecurity(container, { handlers, chain: define });
}

const configuredHandler: option.Check<HandlerRegistration> = (value, name) =>
  option.check(name, option.plainObject(value, name), {
    type: option.text,
    options: option.withDefault(option.plainObject, {}),
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

const contractSettings = (value: unknown, name: string) =>
  option.check(name, option.plainObject(value, name), {
    document: option.text,
    schemes: option.namedValues(requirementExpression),
    basePath: option.optional(option.text),
    open: option.unchecked<readonly string[] | undefined>(),
    scopes: option.unchecked<'all' | 'any' | undefined>(),
  });

type ChainSettings = ReturnType<typeof chainSettings>;

async function optionsOf(
  { requirement, guards, contract, ...settings }: ChainSettings,
  directory: string,
  handlers: HandlerLookup,
  registered: (name: string) => GuardLike,
): Promise<SecurityChainOptions> {
  return {
    ...settings,
    requirement: requirement?.(handlers),
    guards: guards.map((guard) => guard(registered, handlers)),
    operations: contract && (await operationsOf(contract, handlers, directory)),
  };
}

function guardLookup(services: ContainerServices, names: () => readonly string[]): (name: string) => GuardLike {
  return (name) => {
    const token = tokens.guard(name);
    const guard = services.find(token);
    if (guard !== undefined) return guard;
    const fix = `Register it: registerSecurity(container, { guards: { ${quotedName(name)}: … } })`;
    throw missing(token, fix, name, names());
  };
}

/** Loads the compiler of contracts only when there is a contract. */
async function operationsOf(
  { document, schemes, ...options }: NonNullable<ChainSettings['contract']>,
  handlers: HandlerLookup,
  directory: string,
): Promise<SecurityChainOptions['operations']> {
  const { openApi } = await import('@sallyport/openapi');
  const definition = await textOf(resolve(directory, document));
  const proofs = Object.entries(schemes).map(([name, expression]) => [name, expression(handlers)] as const);
  return openApi(definition, { ...options, schemes: Object.fromEntries(proofs) });
}

/**
 * The text of a file in UTF-8, with or without a byte order mark. Another encoding is refused: decoded as UTF-8 it
 * would keep its ASCII characters but change passwords that have others.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID with the system's error code
 */
export async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw option.invalid(
      path,
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is no UTF-8' : `cannot be read (${code})`,
    );
  }
}
