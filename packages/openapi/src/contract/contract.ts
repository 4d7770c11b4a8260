import { anonymous, type Requirement, route, routes } from '@sallyport/core';
import { checkRequirement, memberPath, type Operation, option, type RouteTable } from '@sallyport/core/extend';
import {
  invalidContract,
  loadDocument,
  type OpenApiDocument,
  type OperationObject,
  type PathItem,
  type SecurityRequirementObject,
  type SecurityView,
} from '../document/document.js';
import { compileSecurity, type SchemeRequirements, type ScopeMode } from './security.js';
import { basePathsOf, withoutTrailingSlash } from './servers.js';

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
   * Prefix of all paths, or several of them. Default: the paths of all servers, taken from the operation, else from its
   * path, else from the definition; with each value in the `enum` of a variable, or with its default.
   */
  basePath: option.optional(option.textOrTexts),
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
  const named = namedOperations(document, checked.basePath);
  checkNames(named, checked.open);
  const settings = { ...checked, compiled: new Map<string, Requirement>() };
  const operations = named.flatMap((each) => compileOperation(each, document, settings));
  const table = routes<Scopes>(operations);
  await table.loading;
  return table;
}

interface NamedOperation {
  readonly id: string;
  readonly method: string;
  /** One for each base path. */
  readonly templates: readonly string[];
  readonly object: OperationObject;
}

function namedOperations(document: SecurityView, basePaths: readonly string[] | undefined): readonly NamedOperation[] {
  const fixed = basePaths && [...new Set(basePaths.map(withoutTrailingSlash))];
  const known = new Map<PathItem['servers'], readonly string[]>();
  return Object.entries(document.paths ?? {})
    .filter(([path]) => path.startsWith('/'))
    .flatMap(([path, item]) =>
      operationsOf(item).map(([method, object]) => {
        const servers = object.servers ?? item.servers ?? document.servers;
        const bases = fixed ?? known.get(servers) ?? basePathsOf(servers);
        known.set(servers, bases);
        const templates = bases.map((base) => base + path);
        return { id: object.operationId ?? `${method} ${templates[0]}`, method, templates, object };
      }),
    );
}

/**
 * Method and object of every operation of a path. Since OpenAPI 3.2, a path may have other methods than the fixed ones.
 */
export function operationsOf(item: PathItem): readonly (readonly [method: string, object: OperationObject])[] {
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
function checkNames(operations: readonly NamedOperation[], open: readonly string[]): void {
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

/** The same operation under each of its templates. */
function compileOperation(
  { id, method, templates, object }: NamedOperation,
  document: SecurityView,
  settings: Settings,
): readonly Operation<never>[] {
  const requirement = requirementOf(id, object.security ?? document.security, settings);
  return templates.map((template) => route(method, template, { id, requirement }));
}

function requirementOf(
  id: string,
  security: readonly SecurityRequirementObject[] | undefined,
  { schemes, open, scopes, compiled }: Settings,
): Requirement {
  if (security !== undefined) {
    const text = JSON.stringify(security);
    const requirement = compiled.get(text) ?? compileSecurity(id, security, schemes, scopes);
    compiled.set(text, requirement);
    return requirement;
  }
  if (open.includes(id)) return anonymous();
  throw invalidContract(
    `operation ${id} declares no security and neither does the definition; ` +
      'write "security: []" if it is meant to be open, or list it in the option open',
  );
}
