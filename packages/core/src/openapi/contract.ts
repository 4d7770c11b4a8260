import type { Operation } from '../operation.js';
import { checkOptions, listOf, oneOf, optionalOption, text, unchecked, withDefault } from '../options.js';
import { anonymous } from '../requirement.js';
import { type RouteTable, route, routes } from '../routes/index.js';
import { compileSecurity, type SchemeRequirements, type ScopeMode } from './alternatives.js';
import { invalidContract, loadDocument, type OpenApiDocument, type SecurityView } from './document.js';

export interface ContractOptions {
  /** Security scheme name of the definition to what proves it. Every scheme in use needs an entry. */
  readonly schemes: SchemeRequirements;
  /** Prefix of all paths. Default: the path of the first server's URL. */
  readonly basePath?: string | undefined;
  /** Operations (by `operationId`) that are open to everybody although the definition says nothing of security. */
  readonly open?: readonly string[] | undefined;
  /** Whether all scopes of an alternative are needed (default, as OpenAPI says) or one is enough. */
  readonly scopes?: ScopeMode | undefined;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

interface OperationObject {
  readonly operationId?: string;
  readonly security?: SecurityView['security'];
}

/**
 * Compiles an OpenAPI 3 definition (data, or YAML or JSON text) to an operation table: the scopes in the definition
 * are the scopes that are enforced. Refuses to start when an operation has no security at all and is not listed in
 * `open`, when a scheme has no handler, or when the definition is not valid.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID, ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 */
export async function contract(definition: OpenApiDocument | string, options: ContractOptions): Promise<RouteTable> {
  const checked = checkOptions('ContractOptions', options, {
    schemes: unchecked<SchemeRequirements>(),
    basePath: optionalOption(text),
    open: withDefault(listOf(text), []),
    scopes: withDefault(oneOf('all', 'any'), 'all'),
  });
  const document = await loadDocument(definition);
  const basePath = checked.basePath ?? basePathOf(document);
  const operations = Object.entries(document.paths ?? {}).flatMap(([template, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => {
      const object = item[method] as OperationObject;
      return compileOperation(method.toUpperCase(), basePath + template, object, document, checked);
    }),
  );
  return routes(operations);
}

interface Settings {
  readonly schemes: SchemeRequirements;
  readonly open: readonly string[];
  readonly scopes: ScopeMode;
}

function compileOperation(
  method: string,
  template: string,
  object: OperationObject,
  document: SecurityView,
  { schemes, open, scopes }: Settings,
): Operation {
  const id = object.operationId ?? `${method} ${template}`;
  const security = object.security ?? document.security;
  if (security !== undefined) return route(method, template, { id, ...compileSecurity(id, security, schemes, scopes) });
  if (open.includes(id)) return route(method, template, { id, requirement: anonymous() });
  throw invalidContract(
    `operation ${id} declares no security and neither does the definition; ` +
      'write "security: []" if it is meant to be open, or list it in the option open',
  );
}

function basePathOf({ servers }: SecurityView): string {
  const url = servers?.[0]?.url ?? '/';
  const { pathname } = new URL(url.replace(/\{[^}]*\}/g, 'variable'), 'http://localhost');
  return pathname.replace(/\/+$/, '');
}
