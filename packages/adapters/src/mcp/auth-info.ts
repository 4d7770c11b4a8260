import { type Principal, SecurityChain } from '@sallyport/core';
import { grantAbout } from '../node/principal.js';

/** What tools of either SDK get to know of the caller: `AuthInfo` of `@modelcontextprotocol/server` and of `…/sdk`. */
export interface McpAuthInfo {
  /** Always empty: tools need no token to know the caller. It still stands in the header fields of the request, for those who read them. */
  token: string;
  /** The OAuth client; of callers who came without one, their subject. */
  clientId: string;
  scopes: string[];
  /** In seconds since the epoch. */
  expiresAt?: number;
  /** The identifier of this server, for which the token was issued. */
  resource?: URL;
  resourceMetadataUrl?: string;
  extra: McpAuthExtra;
}

/** The claims of the principal, and what Sallyport knows besides. */
export interface McpAuthExtra extends Record<string, unknown> {
  readonly subject: string;
  readonly issuer: string | undefined;
  readonly principal: Principal;
}

/**
 * Who calls a tool, as the SDK tells its tools: undefined where nobody was authenticated. Takes what `principalOf` takes.
 * @example
 * const secure = mcpSecurity(chain);
 * app.use(secure.express());
 * app.get('/whoami', (request, response) => {
 *   response.json({ client: authInfoOf(request)?.clientId });
 * });
 */
export function authInfoOf(request: object): McpAuthInfo | undefined {
  const decision = grantAbout(request)?.decision;
  if (decision === undefined || decision.principal.kind === 'anonymous') return undefined;
  const { principal } = decision;
  const { clientId, subject, issuer, scopes, expiresAt, claims } = principal;
  const resource = SecurityChain.of(decision)?.resource;
  return {
    token: '',
    clientId: clientId ?? subject,
    scopes: [...scopes],
    ...(expiresAt !== undefined && { expiresAt }),
    ...(resource !== undefined && {
      resource: new URL(resource.identifier),
      resourceMetadataUrl: resource.metadataUrl,
    }),
    extra: { ...claims, subject, issuer, principal },
  };
}
