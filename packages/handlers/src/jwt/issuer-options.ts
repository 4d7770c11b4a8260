import { option } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import { tokenType } from '../jose/token-header.js';
import type { KeySource } from '../keys/key-source.js';
import type { MapPrincipal } from '../token/principal-mapping.js';
import { type ClaimRules, claimRules } from './claim-rules.js';

/** An issuer whose tokens are accepted, bound to its own keys and rules. */
export interface TrustedIssuer {
  /** Compared with `iss` exactly. */
  readonly issuer: string;
  /** Who is meant by `aud`: one of these has to be in it, exactly. */
  readonly audience: string | readonly string[];
  /** The only algorithms that its tokens may be signed with: of public keys, or HMAC for a shared secret. */
  readonly algorithms: string | readonly string[];
  readonly keys: KeySource;
  /**
   * Values of `typ` that are accepted besides `at+jwt` (RFC 9068 2.1), such as `JWT`. Their tokens must look like access
   * tokens: see `accessTokenClaims`. Default: none.
   */
  readonly acceptTyp?: readonly string[] | undefined;
  /** Accepts tokens without `typ`, under the same condition. Default false. */
  readonly allowMissingTyp?: boolean | undefined;
  /**
   * Claims of which a token that is no `at+jwt` needs at least one, lest an ID token pass for an access token. Default:
   * `client_id` and the scope claims.
   */
  readonly accessTokenClaims?: readonly string[] | undefined;
  /** Claims that must be there. Default: `sub`, `client_id`, `iat` and `jti` (RFC 9068 2.2); for other `typ`, `sub` and `iat`. */
  readonly requiredClaims?: readonly string[] | undefined;
  /** What claims must be; a function gets the value and all claims. */
  readonly claimRules?: ClaimRules | undefined;
  /**
   * Accepts tokens without `exp`, which never end. With revocations they need a `maxTokenAgeSeconds` of at most the time for
   * which these are kept. Default false.
   */
  readonly allowMissingExpiry?: boolean | undefined;
  /** How old a token may be by its `iat`, in seconds; it ends then. 1 to 31 536 000; default: as old as its `exp` allows. */
  readonly maxTokenAgeSeconds?: number | undefined;
  /** Claims that hold scopes, as a text of words or a list of them. Default: `scope`, as a text (RFC 9068 2.2.3). */
  readonly scopeClaims?: string | readonly string[] | undefined;
  /** Claims that hold roles, as a list (RFC 9068 2.2.3.1) or a text of words. Default `roles`. */
  readonly rolesClaims?: string | readonly string[] | undefined;
  /** Changes what the principal is made of. Issuer, audience and end of the token stay what they are. */
  readonly mapPrincipal?: MapPrincipal | undefined;
}

export interface IssuerSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
  readonly acceptTyp: readonly string[];
  readonly allowMissingTyp: boolean;
  readonly accessTokenClaims: readonly string[] | undefined;
  readonly requiredClaims: readonly string[] | undefined;
  readonly claimRules: ReturnType<typeof claimRules>;
  readonly allowMissingExpiry: boolean;
  readonly maxTokenAgeSeconds: number | undefined;
  readonly scopeClaims: readonly string[] | undefined;
  readonly rolesClaims: readonly string[];
  readonly mapPrincipal: MapPrincipal | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIssuer(issuer: TrustedIssuer, name: string): IssuerSettings {
  return option.check(name, issuer, {
    issuer: option.text,
    audience: option.textOrTexts,
    algorithms: signatureAlgorithms,
    keys: option.unchecked<KeySource>(),
    acceptTyp: option.withDefault(option.listOf(typ), []),
    allowMissingTyp: option.withDefault(option.flag, false),
    accessTokenClaims: option.optional(option.textOrTexts),
    requiredClaims: option.optional(option.listOf(option.text)),
    claimRules: option.withDefault(claimRules, []),
    allowMissingExpiry: option.withDefault(option.flag, false),
    maxTokenAgeSeconds: option.optional(option.between(1, 31_536_000)),
    scopeClaims: option.optional(option.textOrTexts),
    rolesClaims: option.withDefault(option.textOrTexts, ['roles']),
    mapPrincipal: option.optional(option.callable<MapPrincipal>()),
  });
}

const typ: option.Check<string> = (value, name) => {
  const type = tokenType(value);
  if (type === undefined) throw option.invalid(name, 'must be a media type without parameters, such as JWT');
  return type;
};
