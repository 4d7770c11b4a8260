import { anonymous, type Requirement, route, routes } from '@sallyport/core';
import { checkRequirement, memberPath, type Operation, option, type RouteTable } from '@sallyport/core/extend';
import {
  invalidContract,
  loadDocument,
  type OpenApiDocument,
  type OperationObject,
  type PathItem,
  type SecurityView,
  type Server,
} from '../document/document.js';
import { compileSecurity, type SchemeRequirements, type ScopeMode } from './security.js';

const schemeRequirements: option.Check<SchemeRequirements> = (value, name) => {
  if (typeof value !== 'object' || value === null)
    throw option.invalid(name, 'must map security schemes to what proves them');
  for (const [index, [scheme, requirement]] of Object.entries(value).entries()) {
    checkRequirement(requirement, memberPath(name, scheme, index));
  }
  return Object.freeze({ ...value });
};

export const OPEN_API = option.table('OpenApiOptions', {
  /** The requirement of each security scheme of the definition. Every scheme in use needs an entry. */
  schemes: schemeRequirements,
  /**
   * Prefix of all paths. Default: the path of the first server's URL, taken from the operation, else from its path,
   * else from the definition.
   */
  basePath: option.optional(option.text),
  /**
   * Operations (by `operationId`) that are open to everybody. For operations for which the definition has no
   * `security`.
   */
  open: option.withDefault(option.listOf(option.text), []),
  /** Whether all scopes of a scheme are needed, as OpenAPI says, or one is enough. */
  scopes: option.withDefault(option.oneOf('all', 'any'), 'all'),
});

export interface OpenApiOptions extends option.Given<typeof OPEN_API> {}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'] as const;

/**
 * Compiles an OpenAPI 3 definition (data, or YAML or JSON text) to an operation table: the scopes in the definition are
 * the scopes that are enforced. Refuses to start when an operation has no security at all and is not listed in `open`,
 * when a scheme has no handler, or when the definition is not valid.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID, ERR_SALLYPORT_OPTION_INVALID,
 *   ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const definition = await readFile('orders.yaml', 'utf8');
 * const operations = await openApi(definition, { schemes: { oauth: jwt, key: apiKey } });
 * const chain = new SecurityChain({ operations });
 */
export async function openApi<Scopes extends string = string>(
  definition: OpenApiDocument | string,
  options: OpenApiOptions,
): Promise<RouteTable<Scopes>> {
  const checked = OPEN_API(options);
  const document = await loadDocument(definition);
  const settings = { ...checked, compiled: new Map<string, Requirement>() };
  const operations = Object.entries(document.paths ?? {})
    .filter(([template]) => template.startsWith('/'))
    .flatMap(([template, item]) =>
      operationsOf(item).map(([method, object]) => {
        const servers = object.servers ?? item.servers ?? document.servers;
        const basePath = withoutTrailingSlash(checked.basePath ?? pathOf(servers?.[0]));
        return compileOperation(method, basePath + template, object, document, settings);
      }),
    );
  checkNames(operations, checked.open);
  const table = routes<Scopes>(operations);
  await table.loading;
  return table;
}

/**
 * Method and object of every operation of a path. Since OpenAPI 3.2, a path may have other methods than the fixed ones.
 */
function operationsOf(item: PathItem): readonly (readonly [method: string, object: OperationObject])[] {
  const fixed = METHODS.flatMap((method) => {
    const object = item[method] as OperationObject | undefined;
    return object === undefined ? [] : [[method.toUpperCase(), object] as const];
  });
  return [...fixed, ...Object.entries(item.additionalOperations ?? {})];
}

/**
 * Refuses duplicate ids, because `open` and events go by them (OpenAPI 3.0.4 4.8.10), and ids in `open` that do not
 * exist.
 */
function checkNames(operations: readonly Operation[], open: readonly string[]): void {
  const ids = new Set<string>();
  for (const { id } of operations) {
    if (ids.has(id)) throw invalidContract(`two operations are called ${id}`);
    ids.add(id);
  }
  const stray = open.find((id) => !ids.has(id));
  if (stray !== undefined) throw invalidContract(`the option open lists ${stray}, but no operation is called so`);
}

interface Settings {
  readonly schemes: SchemeRequirements;
  readonly open: readonly string[];
  readonly scopes: ScopeMode;
  /** Requirements by the JSON text of their `security`: operations of the same security share one requirement. */
  readonly compiled: Map<string, Requirement>;
}

function compileOperation(
  method: string,
  template: string,
  object: OperationObject,
  document: SecurityView,
  { schemes, open, scopes, compiled }: Settings,
): Operation<never> {
  const id = object.operationId ?? `${method} ${template}`;
  const security = object.security ?? document.security;
  if (security !== undefined) {
    const text = JSON.stringify(security);
    const requirement = compiled.get(text) ?? compileSecurity(id, security, schemes, scopes);
    compiled.set(text, requirement);
    return route(method, template, { id, requirement });
  }
  if (open.includes(id)) return route(method, template, { id, requirement: anonymous() });
  throw invalidContract(
    `operation ${id} declares no security and neither does the definition; ` +
      'write "security: []" if it is meant to be open, or list it in the option open',
  );
}

/** The path of a server's URL, with the defaults of its variables. */
function pathOf({ url, variables = {} }: Server = { url: '/' }): string {
  const filled = url.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name]?.default : undefined;
    if (value === undefined)
      throw invalidContract(`the server URL ${url} has a variable without a default; set basePath`);
    return value;
  });
  if (!URL.canParse(filled, ANY_ORIGIN)) throw invalidContract(`the server URL ${url} cannot be read; set basePath`);
  return new URL(filled, ANY_ORIGIN).pathname;
}

const ANY_ORIGIN = 'http://localhost';

function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
