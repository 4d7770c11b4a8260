import { type Revocations } from '@sallyport/core';
import { type Clock, option, systemClock, type VerdictCacheOptions } from '@sallyport/core/extend';
import { type DecryptionKey, type DecryptionSettings, decryptionKey } from '../jose/decryption-key.js';
import type { TrustedIssuer } from './issuer-options.js';
import type { IssuerResolverOptions } from './issuer-resolver.js';

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
    clock: option.withDefault(option.having<Clock>('now', 'monotonic', 'schedule'), systemClock),
    revocations: option.optional(option.unchecked<Revocations>()),
  });
}
