import {
  clockOption,
  onceStoreCheck,
  option,
  revocationsCheck,
  type VerdictCacheOptions,
  verdictCacheOptions,
} from '@sallyport/core/extend';
import {
  type ConfirmationOptions,
  type ConfirmationSettings,
  confirmationOptions,
} from '../confirmation/confirmation-options.js';
import { type DpopOptions, type DpopSettings, dpopOptions } from '../dpop/dpop-options.js';
import { type DecryptionKey, type DecryptionSettings, decryptionKey } from '../jose/decryption-key.js';
import { tokenOptions } from '../token/token-source.js';
import { type IssuerResolverOptions, type IssuerResolverSettings, issuerResolver } from './resolver-options.js';
import { type IssuerSettings, type TrustedIssuer, trustedIssuer } from './trusted-issuer.js';

/** How long verified tokens are remembered, and how many; never beyond their expiry, nor after their key was withdrawn. */
export type VerifiedTokenOptions = Omit<VerdictCacheOptions, NotForTokens>;

type VerifiedTokenSettings = Omit<option.Kept<typeof verdictCacheOptions>, NotForTokens>;

type NotForTokens = 'namespace' | 'secret' | 'staleIfUnavailableSeconds';

/** Most tokens are verified once and then remembered for the rest of their life. */
const VERIFIED_TOKENS = option.withDefaults(
  option.without(verdictCacheOptions, 'namespace', 'secret', 'staleIfUnavailableSeconds'),
  { ttlSeconds: 300 },
);

const JWT = option.table('JwtHandlerOptions', {
  /** Names this handler in requirements, traces and logs. */
  name: option.withDefault(option.text, 'jwt'),
  /** Realm of the challenge. */
  realm: option.text,
  /** The issuers whose tokens are accepted. */
  issuers: option.withDefault(option.listOf<IssuerSettings, TrustedIssuer>(trustedIssuer), []),
  /** Finds further issuers at run time. */
  issuerResolver: option.optional<IssuerResolverSettings, IssuerResolverOptions>(issuerResolver),
  /** Tolerance for `exp`, `nbf`, `iat` and ages, in seconds. */
  clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
  /**
   * How far `iat` may be ahead, in seconds, for issuers whose clock is. So much later do a greatest age and revocations of
   * what was issued before reach a token. Default: `clockToleranceSeconds`.
   */
  issuedAheadToleranceSeconds: option.optional(option.between(0, 3_600)),
  /** Accepts encrypted tokens (RFC 7516), too, and takes every five-part token. Default: none are. */
  decryptionKeys: option.withDefault(option.listOf<DecryptionSettings, DecryptionKey>(decryptionKey), []),
  /** What tokens have to be bound to. */
  confirmation: option.group<ConfirmationSettings, ConfirmationOptions>(confirmationOptions),
  /** Takes tokens by the scheme DPoP, too (RFC 9449). Default: none are. */
  dpop: option.optional<DpopSettings, DpopOptions>(dpopOptions),
  /** How verified tokens, and those that were refused, are remembered. */
  cache: option.group<VerifiedTokenSettings, VerifiedTokenOptions>(VERIFIED_TOKENS),
  /** Lets the start fail when a configured issuer's keys cannot be fetched. Otherwise tokens get 503 until they can. */
  requireKeysAtStart: option.withDefault(option.flag, false),
});

const JWT_OF_TOKENS = option.merged(tokenOptions, JWT);

export interface JwtHandlerOptions extends option.Given<typeof JWT_OF_TOKENS> {}

export interface JwtSettings extends option.Kept<typeof JWT_OF_TOKENS> {}

export const jwtOptions: option.Table<JwtSettings, JwtHandlerOptions> = JWT_OF_TOKENS;

const COLLABORATORS = option.table('JwtHandlerCollaborators', {
  clock: clockOption,
  /**
   * Remembers DPoP proofs, so that each is good once. Default: a `MemoryOnceStore`; with several instances, give one that they
   * share, and `dpop.secret`.
   */
  onceStore: option.optional(onceStoreCheck),
  /** What has been revoked: tokens, their `jti`, clients and subjects. */
  revocations: option.optional(revocationsCheck),
});

/** Services of a JWT handler. */
export interface JwtHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const jwtCollaborators: option.Table<option.Kept<typeof COLLABORATORS>, JwtHandlerCollaborators> = COLLABORATORS;
