import { type Requirement, requireScopes, SecurityChain } from '@sallyport/core';
import { isRequirement, option } from '@sallyport/core/extend';
import type { ExpressMiddleware } from '../express/express-security.js';
import { type McpTokenVerifier, VerifierHandler } from './bearer/verifier-handler.js';
import { type McpSecurityOptions, mcpOptions } from './mcp-options.js';
import { mcpSecurity } from './mcp-security.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const aVerifier: option.Check<Requirement | McpTokenVerifier> = (value, name) => {
  if (isRequirement(value)) return value;
  return option.having<McpTokenVerifier>('verifyAccessToken')(value, name);
};

const anAddress: option.Check<string, string | URL> = (value, name) => {
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string' || !URL.canParse(text)) throw option.invalid(name, 'must be a URL');
  return text;
};

export const MCP_BEARER_AUTH = option.table('McpBearerAuthOptions', {
  /** A handler or requirement of Sallyport; or what verifies tokens for the SDK, with a method `verifyAccessToken`. */
  verifier: aVerifier,
  /** Scopes that every request needs. */
  requiredScopes: option.withDefault(option.listOf(option.text), []),
  /** The identifier of this server, which tokens have to name. Default: the one that `resourceMetadataUrl` is made of. */
  expectedResource: option.optional(anAddress),
  /** Where the metadata of this server are (RFC 9728 3.1). Default: the address that follows from `expectedResource`. */
  resourceMetadataUrl: option.optional(anAddress),
});

/** The options of `requireBearerAuth` of the SDK, and those of `mcpSecurity`. */
export interface McpBearerAuthOptions extends option.Given<typeof MCP_BEARER_AUTH>, McpSecurityOptions {}

const bearerAuthOptions = option.merged(mcpOptions, MCP_BEARER_AUTH);

/**
 * Stands where `requireBearerAuth` of the SDK stood, for Express: the same options, and those of `mcpSecurity` besides. It serves the
 * metadata, too, where it is mounted for all paths.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * app.use(
 *   requireBearerAuth({
 *     verifier: jwt,
 *     requiredScopes: ['notes:read'],
 *     expectedResource: 'https://notes.example.com/mcp',
 *     tools: { purge: requireScopes('notes:write') },
 *   }),
 * );
 */
export function requireBearerAuth(options: McpBearerAuthOptions): ExpressMiddleware {
  const { verifier, requiredScopes, expectedResource, resourceMetadataUrl } = bearerAuthOptions(options);
  const identifier = identifierOf(expectedResource, resourceMetadataUrl);
  const chain = new SecurityChain({
    name: 'mcp',
    requirement: isRequirement(verifier) ? verifier : new VerifierHandler(verifier),
    guards: requiredScopes.length === 0 ? [] : [requireScopes(requiredScopes)],
    resource: { identifier, allowInsecureLoopback: true },
  });
  if (resourceMetadataUrl !== undefined && chain.resource?.metadataUrl !== resourceMetadataUrl)
    throw option.invalid('McpBearerAuthOptions.resourceMetadataUrl', 'must be that of expectedResource (RFC 9728 3.1)');
  const own = new Set(Object.keys(MCP_BEARER_AUTH.members));
  const others = Object.entries(options).filter(([name]) => !own.has(name));
  return mcpSecurity(chain, Object.fromEntries(others)).express();
}

/** In the spelling of the option; that of an address without a path is without a slash. */
function identifierOf(expected: string | undefined, metadataUrl: string | undefined): string {
  if (expected !== undefined) return expected.replace(/#.*$/s, '');
  if (metadataUrl === undefined)
    throw option.invalid('McpBearerAuthOptions.expectedResource', 'is needed: clients find their way by it (RFC 9728)');
  const { origin, pathname } = new URL(metadataUrl);
  if (!pathname.startsWith(WELL_KNOWN))
    throw option.invalid('McpBearerAuthOptions.resourceMetadataUrl', `must have the path ${WELL_KNOWN}…`);
  return origin + pathname.slice(WELL_KNOWN.length);
}
