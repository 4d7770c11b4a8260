import { option } from '@sallyport/core/extend';
import { compiled, OPEN_API, type OpenApiOptions } from '../contract/contract.js';
import { dataOf, type OpenApiDocument } from '../document/document.js';
import { publicAddress, SCHEME_ENDPOINTS, type SchemeEndpoints } from './scheme-endpoints.js';
import { ServedPaths } from './served-paths.js';
import { servedSchemes } from './served-schemes.js';

const origin: option.Check<string> = option.refined(publicAddress, (value, name) => {
  if (new URL(value).origin !== value) throw option.invalid(name, 'must be an origin, such as https://api.example.com');
  return value;
});

export const SERVED = option.table('ServedDefinitionOptions', {
  /** Where clients reach the API, such as `https://api.example.com`: each server gets these, with its own path. */
  origins: option.withDefault(option.listOf(origin), []),
  /** Addresses for clients by the name of a scheme. They go before those that its handlers have discovered. */
  endpoints: option.withDefault(option.namedValues<SchemeEndpoints, SchemeEndpoints>(SCHEME_ENDPOINTS), {}),
});

export const servedDefinitionOptions = option.merged(OPEN_API, SERVED);

/** The options of `openApi()`, and what only the served definition needs. */
export interface ServedDefinitionOptions extends OpenApiOptions, option.Given<typeof SERVED> {}

/**
 * The definition as it is enforced, to be served to clients. Every operation says what it needs, `[]` where it is open to
 * everybody. Security schemes have what their handlers know: places and names of credentials, and the addresses of
 * authorization servers that `chain.start()` has discovered. All else, such as descriptions and extensions, is kept. It
 * holds nothing secret, and compiles to the same operations again. Paths that are references to other paths are written out.
 * @throws {ContractError} ERR_SALLYPORT_CONTRACT_INVALID with all faults of the definition and where they stand
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const definition = await readFile('orders.yaml', 'utf8');
 * const contract = { schemes: { oauth: jwt, key: apiKey } };
 * const chain = new SecurityChain({ operations: await openApi(definition, contract) });
 * await chain.start();
 * const served = await servedDefinition(definition, { ...contract, origins: ['https://api.example.com'] });
 */
export async function servedDefinition(
  definition: OpenApiDocument | string,
  options: ServedDefinitionOptions,
): Promise<OpenApiDocument> {
  const checked = servedDefinitionOptions(options);
  const { schemes, endpoints, origins, basePath, scopes } = checked;
  // Refuses what cannot be enforced.
  await compiled(definition, checked);
  const document = await dataOf(definition);
  const served = new ServedPaths(document, { origins, basePath, scopes });
  const components = document['components'] as object | undefined;
  const securitySchemes = servedSchemes(document, { schemes, endpoints, enforced: served.enforced });
  const hasSchemes = Object.keys(securitySchemes).length > 0;
  return {
    ...document,
    ...served.serversOf(document),
    paths: served.paths,
    ...(hasSchemes && { components: { ...components, securitySchemes } }),
  };
}
