export type { ConfirmationOptions } from '../confirmation/confirmation-options.js';
export type { DpopOptions } from '../dpop/dpop-options.js';
export type { SignatureAlgorithm } from '../jose/algorithms.js';
export type { DecryptionKey } from '../jose/decryption-key.js';
export type { ConfiguredPublicKey, ConfiguredSecret } from '../keys/configured-key.js';
export { KEY_SET_CHANNEL, type KeySetEvent, onKeySetEvent } from '../keys/key-set-events.js';
export type {
  ConfiguredKeys,
  DiscoveredKeys,
  KeySource,
  PublishedKeys,
  RemoteKeyOptions,
} from '../keys/key-source.js';
export type { MappingOutcome, ToldError } from '../token/mapping-failure.js';
export type { MapPrincipal } from '../token/principal-mapping.js';
export type { ClaimRule, ClaimRules } from './claim-rules.js';
export { JWT_CHANNEL, type JwtEvent, onJwtEvent } from './jwt-events.js';
export { JwtHandler, type JwtStatistics } from './jwt-handler.js';
export type { JwtHandlerCollaborators, JwtHandlerOptions, VerifiedTokenOptions } from './jwt-options.js';
export type { IssuerResolverOptions } from './resolver-options.js';
export type { TrustedIssuer } from './trusted-issuer.js';
