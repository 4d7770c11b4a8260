import { anonymous, type GuardLike, type Requirement, route, routes } from '@sallyport/core';
import {
  type Clock,
  checkRequirement,
  clockOption,
  memberPath,
  type Operation,
  option,
  type RouteTable,
} from '@sallyport/core/extend';
import { invalidContract, type OpenApiDocument, readDefinition, type SecurityView } from '../document/document.js';
import { type ExtendedDemand, ExtensionCompiler } from '../extension/contract-extension.js';
import { ContractError, told } from '../places/contract-error.js';
import { below } from '../places/pointer.js';
import { declaredSchemes, schemeNamed } from '../schemes/declared-schemes.js';
import { type AnyScopeUse, type ContractDoubt, doubtsAbout } from '../schemes/doubts.js';
import { checkNames, type NamedOperation, namedOperations } from './named-operations.js';
import { type SchemeRequirements, SecurityCompiler } from './security.js';

const schemeRequirements: option.Check<SchemeRequirements> = (value, name) => {
  if (typeof value !== 'object' || value === null)
    throw option.invalid(name, 'must map security schemes to what proves them');
  for (const [index, [scheme, requirement]] of Object.entries(value).entries()) {
    checkRequirement(requirement, memberPath(name, scheme, index));
  }
  return Object.freeze({ ...value });
};

const guardCheck: option.Check<GuardLike> = (value, name) => {
  const { name: called, check } = Object(value) as { readonly name?: unknown; readonly check?: unknown };
  if (typeof value === 'function' || (typeof called === 'string' && typeof check === 'function'))
    return value as GuardLike;
  throw option.invalid(name, 'must be a guard: a function, or what guard() returns');
};

const DOUBTS = option.oneOf('warn', 'error');

const doubtsCheck: option.Check<DoubtsOption> = option.withSchema(DOUBTS.schema, (value, name) =>
  typeof value === 'function' ? (value as DoubtsListener) : DOUBTS(value, name),
);

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
  /** Guards that the definition names in `x-sallyport`, for what it cannot say itself. */
  guards: option.withDefault(option.namedValues(guardCheck), {}),
  /** What limits the requests of callers, such as `rateLimit(…)`: the definition names them in `x-sallyport`. */
  rateClasses: option.withDefault(option.namedValues(guardCheck), {}),
  /**
   * What is done about what is hardly meant: an undeclared scheme or scope, a deprecated scheme, a handler that takes no
   * such credential or that no operation needs. A process warning at start, an error, or a function that is called with
   * them.
   */
  doubts: option.withDefault(doubtsCheck, 'warn'),
  /**
   * Whether the definition was checked before start: it is not validated against the schema of OpenAPI again, and the
   * validator is not loaded. All parts on which security rests are still checked.
   */
  validated: option.withDefault(option.flag, false),
});

export const OPEN_API_COLLABORATORS = option.table('OpenApiCollaborators', {
  /** Tells how long ago users authenticated, where the definition asks for it. */
  clock: clockOption,
});

export interface OpenApiCollaborators extends option.Given<typeof OPEN_API_COLLABORATORS> {}

/** Called once at start with everything that is doubtful about a definition. */
export type DoubtsListener = (doubts: readonly ContractDoubt[]) => unknown;

type DoubtsOption = 'warn' | 'error' | DoubtsListener;

export interface OpenApiOptions extends option.Given<typeof OPEN_API> {}

/**
 * Compiles an OpenAPI 3 definition (data, or YAML or JSON text) to an operation table: the scopes in the definition are
 * the scopes that are enforced. Refuses to start when an operation has no security at all and is not listed in `open`,
 * when a scheme has no handler, or when the definition is not valid.
 * @throws {ContractError} ERR_SALLYPORT_CONTRACT_INVALID with all faults of the definition and where they stand
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const definition = await readFile('orders.yaml', 'utf8');
 * const operations = await openApi(definition, { schemes: { oauth: jwt, key: apiKey } });
 * const chain = new SecurityChain({ operations });
 */
export async function openApi<Scopes extends string = string>(
  definition: OpenApiDocument | string,
  options: OpenApiOptions,
  collaborators: OpenApiCollaborators = {},
): Promise<RouteTable<Scopes>> {
  const { doubts, ...checked } = OPEN_API(options);
  const { clock } = OPEN_API_COLLABORATORS(collaborators);
  const { table, found } = await compiled<Scopes>(definition, checked, clock);
  if (found.length > 0) tell(found, doubts);
  return table;
}

/** The options that decide about operations. */
export type ContractSettings = Omit<option.Kept<typeof OPEN_API>, 'doubts'>;

/** The same, with what is doubtful instead of a warning. */
export async function compiled<Scopes extends string = string>(
  definition: OpenApiDocument | string,
  { schemes, basePath, open, scopes: mode, guards, rateClasses, validated }: ContractSettings,
  clock?: Clock,
): Promise<{ readonly table: RouteTable<Scopes>; readonly found: readonly ContractDoubt[] }> {
  const read = await readDefinition(definition, { validated });
  const { document, faults } = read;
  const declared = declaredSchemes(document as OpenApiDocument, faults);
  const named = namedOperations(read, basePath);
  checkNames(named, open, faults);
  const compiler = new SecurityCompiler({ schemes, mode, declared, faults });
  const extensions = new ExtensionCompiler(document as OpenApiDocument, { guards, rateClasses, clock }, faults);
  const anyScopes: AnyScopeUse[] = [];
  const operations = named.flatMap((each) => {
    const requirement = faults.gather(each.pointer, () => requirementOf(each, document, { open, compiler }));
    const security = each.object.security ?? document.security ?? [];
    const asked = extensions.demandOf(each, requirement !== undefined && security.length === 0);
    const names = security.flatMap((alternative) => Object.keys(alternative).map((key) => schemeNamed(key, declared)));
    anyScopes.push({ ...asked.anyScope, operationId: each.id, schemes: names });
    // Without a requirement there is a fault, and no table is made.
    if (requirement === undefined) return [];
    return faults.gather(each.pointer, () => routesOf(each, requirement, asked)) ?? [];
  });
  faults.check();
  const table = faults.gather('', () => routes<Scopes>(operations)) as RouteTable<Scopes>;
  faults.check();
  return { table, found: doubtsAbout({ declared, uses: compiler.uses, anyScopes, schemes }, faults) };
}

function tell(found: readonly ContractDoubt[], doubts: DoubtsOption): void {
  if (doubts === 'error') throw new ContractError(found);
  if (doubts !== 'warn') doubts(found);
  else process.emitWarning(told(found, 'the definition has', 'doubtful places'), 'SallyportWarning');
}

/** The same operation under each of its templates. */
function routesOf(
  { id, method, templates }: NamedOperation,
  requirement: Requirement,
  { guards, maxVerdictAgeSeconds }: ExtendedDemand,
): readonly Operation<never>[] {
  const asked = { requirement, guards: guards as readonly GuardLike<never>[], maxVerdictAgeSeconds };
  return templates.map((template) => route(method, template, { id, ...asked }));
}

interface Settings {
  readonly open: readonly string[];
  readonly compiler: SecurityCompiler;
}

/** Undefined when its security cannot be compiled, which is a fault then. */
function requirementOf(
  { id, object, pointer }: NamedOperation,
  document: SecurityView,
  { open, compiler }: Settings,
): Requirement | undefined {
  const security = object.security ?? document.security;
  if (security !== undefined) {
    const place = object.security === undefined ? '/security' : below(pointer, 'security');
    return compiler.compile({ security, pointer: place, operationId: id });
  }
  if (open.includes(id)) return anonymous();
  throw invalidContract(
    `operation ${id} declares no security and neither does the definition; ` +
      'write "security: []" if it is meant to be open, or list it in the option open',
  );
}
