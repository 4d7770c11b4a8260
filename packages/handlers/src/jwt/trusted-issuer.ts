import { option } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import { tokenType } from '../jose/token-header.js';
import { keySource } from '../keys/key-source.js';
import type { MapPrincipal } from '../token/principal-mapping.js';
import { claimRules } from './claim-rules.js';

const typ = option.refined(option.text, (value, name) => {
  const type = tokenType(value);
  if (type === undefined) throw option.invalid(name, 'must be a media type without parameters, such as JWT');
  return type;
});

const TRUSTED_ISSUER = option.table('TrustedIssuer', {
  /** Compared with `iss` exactly. Several entries may have the same issuer, each with keys and rules of its own. */
  issuer: option.text,
  /**
   * Takes the tokens that name no issuer, and no others: the key alone tells whose they are. `issuer` is the name that
   * their principals get. Several entries may have it, each with keys of its own.
   */
  allowMissingIssuer: option.withDefault(option.flag, false),
  /** Who is meant by `aud`: one of these has to be in it, exactly. Needed unless `clients` says what is checked instead. */
  audience: option.optional(option.textOrTexts),
  /**
   * The clients whose tokens are accepted: `client_id` and `azp`, where they are there, have to be among these, and one of
   * them has to be there. For issuers that write no audience; without `audience`, `aud` is not looked at.
   */
  clients: option.optional(option.textOrTexts),
  /** Accepts tokens for everybody, where neither `audience` nor `clients` can be checked. */
  allowAnyAudience: option.withDefault(option.flag, false),
  /** The only algorithms that its tokens may be signed with: of public keys, or HMAC for a shared secret. */
  algorithms: signatureAlgorithms,
  /** Where its keys come from; exactly one source. */
  keys: keySource,
  /**
   * Values of `typ` that are accepted besides `at+jwt` (RFC 9068 2.1), such as `JWT`. Their tokens must look like access
   * tokens: see `accessTokenClaims`.
   */
  acceptTyp: option.withDefault(option.listOf(typ), []),
  /** Accepts tokens without `typ`, under the same condition. */
  allowMissingTyp: option.withDefault(option.flag, false),
  /**
   * A token that is no `at+jwt` needs at least one of these claims, so that no ID token passes for an access token. Default:
   * `client_id` and the scope claims.
   */
  accessTokenClaims: option.optional(option.textOrTexts),
  /** Claims that must be there. Default: `sub`, `client_id`, `iat` and `jti` (RFC 9068 2.2); for other `typ`, `sub` and `iat`. */
  requiredClaims: option.optional(option.listOf(option.text)),
  /** What claims must be; a function gets the value and all claims. */
  claimRules: option.optional(claimRules),
  /**
   * Accepts tokens without `exp`, which never end. With revocations they need a `maxTokenAgeSeconds` of at most the time for
   * which these are kept.
   */
  allowMissingExpiry: option.withDefault(option.flag, false),
  /**
   * Accepts an `exp` beyond the year 9999, which never comes: for issuers that write so for tokens without an end. Default:
   * such a date is refused, because it more likely is one in milliseconds. With revocations as `allowMissingExpiry`.
   */
  allowExpiryBeyondYear9999: option.withDefault(option.flag, false),
  /** How old a token may be by its `iat`, in seconds; it ends then. Default: as old as its `exp` allows. */
  maxTokenAgeSeconds: option.optional(option.between(1, 31_536_000)),
  /**
   * Claims that hold scopes, as a text of words or a list of them. A name may lead to a member: `realm_access.scopes`.
   * Default `scope` (RFC 9068 2.2.3).
   */
  scopeClaims: option.withDefault(option.textOrTexts, ['scope']),
  /** Claims that hold roles, in the same way (RFC 9068 2.2.3.1), such as `realm_access.roles`. Default `roles`. */
  rolesClaims: option.withDefault(option.textOrTexts, ['roles']),
  /** Changes what the principal is made of, at once or by a promise. Issuer, audience and end of the token stay what they are. */
  mapPrincipal: option.optional(option.callable<MapPrincipal>()),
  /** How long a promise of `mapPrincipal` may take, in milliseconds. After that the answer is 503. */
  mapPrincipalTimeoutMs: option.withDefault(option.between(1, 60_000), 2_000),
});

/** An issuer whose tokens are accepted, bound to its own keys and rules. */
export interface TrustedIssuer extends option.Given<typeof TRUSTED_ISSUER> {}

export interface IssuerSettings extends option.Kept<typeof TRUSTED_ISSUER> {}

export const trustedIssuer: option.Table<IssuerSettings, TrustedIssuer> = TRUSTED_ISSUER;
