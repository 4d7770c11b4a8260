import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';

export const SUPABASE = option.table('SupabaseOptions', {
  /** The URL of the project: `https://shopabcdefghijklmnop.supabase.co`. */
  projectUrl: option.text,
  /** Who is meant by `aud`. */
  audience: option.withDefault(option.textOrTexts, ['authenticated']),
  /** Accepts users who signed in anonymously (`is_anonymous`). */
  allowAnonymousUsers: option.withDefault(option.flag, false),
});

/** What `supabase` needs to know. */
export interface SupabaseOptions extends option.Given<typeof SUPABASE> {}

/**
 * The authentication of a Supabase project as an issuer of JWTs. Keys: its signing keys. Roles: `role` and
 * `app_metadata.roles`; users change `user_metadata` themselves, so nothing is read there. All callers are users. The keys
 * `anon` and `service_role` of the project are refused.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = supabase({ projectUrl: 'https://shopabcdefghijklmnop.supabase.co' });
 * const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });
 */
export function supabase(options: SupabaseOptions, name: string = SUPABASE.owner): TrustedIssuer {
  const { projectUrl, audience, allowAnonymousUsers } = SUPABASE(options, name);
  const issuer = `${projectUrl}/auth/v1`;
  return {
    issuer,
    audience,
    algorithms: ['ES256', 'RS256'],
    keys: { jwksUri: `${issuer}/.well-known/jwks.json` },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['session_id'],
    ...(!allowAnonymousUsers && { claimRules: { is_anonymous: isNotTrue } }),
    rolesClaims: ['role', 'app_metadata.roles'],
  };
}

function isNotTrue(value: unknown): boolean {
  return value === undefined || value === false;
}
