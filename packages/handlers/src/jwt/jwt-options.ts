import { type Revocations } from '@sallyport/core';
import { type Clock, clockOption, option, type VerdictCacheOptions } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import { type DecryptionKey, type DecryptionSettings, decryptionKey } from '../jose/decryption-key.js';
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
   * A token that is no `at+jwt` needs at least one of these claims, so that no ID token passes for an access token. Default:
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

/** Issuers that are found at run time, such as one for each tenant. */
export interface IssuerResolverOptions {
  /**
   * Which issuers may be resolved at all: a list, or a function that says so at once. It is asked about every token, also
   * a remembered one, and sees issuers that nobody has verified yet, so it has to name hosts in full and must not search
   * for parts of a text.
   */
  readonly trusts: readonly string[] | ((issuer: string) => boolean);
  /**
   * Looks an issuer up; `undefined` if it does not exist. A rejection means 503. `signal` is aborted when no request
   * waits for the answer any more; ending the lookup then frees its place. Options that are equal to the last ones
   * leave keys and remembered tokens alone; functions are compared by identity, so make them once.
   */
  readonly resolve: (issuer: string, lookup: { readonly signal: AbortSignal }) => Promise<TrustedIssuer | undefined>;
  /**
   * How long an answer is used, in seconds. The lookup is repeated after four fifths of that time, and the answer stays
   * in use meanwhile. 1 to 86 400, default 600.
   */
  readonly ttlSeconds?: number | undefined;
  /** Issuers remembered at once, the least recently used goes first. 1 to 100 000, default 1 000. */
  readonly maxIssuers?: number | undefined;
  /** How long a lookup may take, in milliseconds. 1 to 30 000, default 2 000. */
  readonly timeoutMs?: number | undefined;
}

/** How long verified tokens are remembered, and how many. */
export interface VerifiedTokenOptions
  extends Omit<VerdictCacheOptions, 'namespace' | 'secret' | 'staleIfUnavailableSeconds' | 'ttlSeconds'> {
  /**
   * How long a verified token is remembered at most, in seconds; never beyond its expiry, nor after its key was
   * withdrawn. 0 to 86 400, default 300.
   */
  readonly ttlSeconds?: number | undefined;
}

/** Most tokens are verified once and then remembered for the rest of their life. */
export const VERIFIED_TOKEN_SECONDS = 300;

export interface JwtHandlerOptions {
  /** Names this handler in requirements, traces and logs. Default `jwt`. */
  readonly name?: string | undefined;
  /** Realm of the Bearer challenge. */
  readonly realm: string;
  /** The issuers whose tokens are accepted. */
  readonly issuers?: readonly TrustedIssuer[] | undefined;
  /** Finds further issuers at run time. */
  readonly issuerResolver?: IssuerResolverOptions | undefined;
  /** Tolerance for `exp`, `nbf`, `iat` and ages, in seconds. 0 to 60, default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Accepts encrypted tokens (RFC 7516), too, and takes every five-part token. Default: none are. */
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined;
  /** How verified tokens, and those that were refused, are remembered. */
  readonly cache?: VerifiedTokenOptions | undefined;
  /** Lets the start fail when a configured issuer's keys cannot be fetched. Default false: tokens get 503 until they can. */
  readonly requireKeysAtStart?: boolean | undefined;
}

/** Services of a JWT handler. */
export interface JwtHandlerCollaborators {
  readonly clock?: Clock | undefined;
  /** What has been revoked: tokens, their `jti`, clients and subjects. */
  readonly revocations?: Revocations | undefined;
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

export interface IssuerResolverSettings {
  readonly trusts: (issuer: string) => boolean;
  readonly resolve: IssuerResolverOptions['resolve'];
  readonly ttlSeconds: number;
  readonly maxIssuers: number;
  readonly timeoutMs: number;
}

export interface JwtSettings {
  readonly name: string;
  readonly realm: string;
  readonly issuers: readonly TrustedIssuer[];
  readonly issuerResolver: IssuerResolverOptions | undefined;
  readonly clockToleranceSeconds: number;
  readonly decryptionKeys: readonly DecryptionSettings[];
  readonly cache: VerifiedTokenOptions;
  readonly requireKeysAtStart: boolean;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedJwtOptions(options: JwtHandlerOptions): JwtSettings {
  return option.check('JwtHandlerOptions', options, {
    name: option.withDefault(option.text, 'jwt'),
    realm: option.text,
    issuers: option.withDefault(option.listOf(option.unchecked<TrustedIssuer>()), []),
    issuerResolver: option.unchecked<IssuerResolverOptions | undefined>(),
    clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
    decryptionKeys: option.withDefault(option.listOf(decryptionKey), []),
    cache: option.withDefault(option.unchecked<VerifiedTokenOptions>(), {}),
    requireKeysAtStart: option.withDefault(option.flag, false),
  });
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedJwtCollaborators(collaborators: JwtHandlerCollaborators): {
  readonly clock: Clock;
  readonly revocations: Revocations | undefined;
} {
  return option.check('JwtHandlerCollaborators', collaborators, {
    clock: clockOption,
    revocations: option.optional(option.unchecked<Revocations>()),
  });
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

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedIssuerResolver(resolver: IssuerResolverOptions): IssuerResolverSettings {
  return option.check('JwtHandlerOptions.issuerResolver', resolver, {
    trusts,
    resolve: option.callable<IssuerResolverOptions['resolve']>(),
    ttlSeconds: option.withDefault(option.between(1, 86_400), 600),
    maxIssuers: option.withDefault(option.between(1, 100_000), 1_000),
    timeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
  });
}

const trusts: option.Check<(issuer: string) => boolean> = (value, name) => {
  if (typeof value === 'function') return (issuer) => value(issuer) === true;
  if (!Array.isArray(value)) throw option.invalid(name, 'must be a list of issuers or a function');
  const trusted = new Set(option.textOrTexts(value, name));
  return (issuer) => trusted.has(issuer);
};
