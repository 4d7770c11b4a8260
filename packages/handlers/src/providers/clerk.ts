import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';

export const CLERK = option.table('ClerkOptions', {
  /** The Frontend API URL of the instance, which is its issuer: `https://clerk.shop.example.com`. */
  frontendApiUrl: option.text,
  /** The origins of your applications, which `azp` names: `https://shop.example.com`. Session tokens have no `aud`. */
  authorizedParties: option.textOrTexts,
});

/** What `clerk` needs to know. */
export interface ClerkOptions extends option.Given<typeof CLERK> {}

/**
 * An instance of Clerk as an issuer of session tokens. Keys: its `jwks.json`. The origin of the application is checked
 * (`azp`). Roles: that of the active organisation, `o.rol`, in older tokens `org_role`. All callers are users. A session
 * that has tasks left is refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = clerk({ frontendApiUrl: 'https://clerk.shop.example.com', authorizedParties: 'https://shop.example.com' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function clerk(options: ClerkOptions, name: string = CLERK.owner): TrustedIssuer {
  const { frontendApiUrl, authorizedParties } = CLERK(options, name);
  return {
    issuer: frontendApiUrl,
    clients: authorizedParties,
    algorithms: ['RS256'],
    keys: { jwksUri: `${frontendApiUrl}/.well-known/jwks.json` },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['sid'],
    claimRules: { sts: isActive },
    rolesClaims: ['o.rol', 'org_role'],
  };
}

/** Tokens of version 1 say nothing of it. */
function isActive(status: unknown): boolean {
  return status === undefined || status === 'active';
}
