export type { MapPrincipal } from '../principal-mapping.js';
export type { ClaimRule, ClaimRules } from './claim-rules.js';
export type { DecryptionKey } from './decryption-key.js';
export type { TrustedIssuer } from './issuer-options.js';
export type { IssuerResolverOptions } from './issuer-resolver.js';
export { JwtHandler, type JwtStatistics } from './jwt-handler.js';
export type { JwtHandlerCollaborators, JwtHandlerOptions, VerifiedTokenOptions } from './jwt-options.js';
export { KEY_SET_CHANNEL, type KeySetEvent, onKeySetEvent } from './key-set-events.js';
export type {
  ConfiguredKeys,
  ConfiguredPublicKey,
  ConfiguredSecret,
  DiscoveredKeys,
  KeySource,
  PublishedKeys,
  RemoteKeyOptions,
} from './key-source.js';
