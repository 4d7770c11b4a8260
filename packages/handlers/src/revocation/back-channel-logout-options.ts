import type { Revocations } from '@sallyport/core';
import { clockOption, deploymentSecretsCheck, onceStoreCheck, option } from '@sallyport/core/extend';
import { type LogoutIssuer, type LogoutIssuerSettings, logoutIssuer } from './logout-issuer.js';

const BACK_CHANNEL_LOGOUT = option.table('BackChannelLogoutOptions', {
  /** The issuers whose logout tokens are accepted. */
  issuers: option.listOf<LogoutIssuerSettings, LogoutIssuer>(logoutIssuer),
  /** How old a logout token may be by its `iat`, in seconds. */
  maxTokenAgeSeconds: option.withDefault(option.between(1, 3_600), 300),
  /** Tolerance for `exp` and `iat`, in seconds. */
  clockToleranceSeconds: option.withDefault(option.between(0, 60), 5),
  /** The largest body, in bytes; a larger one is 413. */
  maxBodyBytes: option.withDefault(option.between(1_024, 1_048_576), 16_384),
  /** How long the once store may take, in milliseconds, before the answer is 503. */
  storeTimeoutMs: option.withDefault(option.between(1, 5_000), 1_000),
  /**
   * The secret of the deployment, so that who reads the once store cannot tell which logout was there; at least 32
   * characters, the same on all instances. Two while one is replaced. Not needed with a `RedisOnceStore`, which has its own.
   */
  secret: option.optional(deploymentSecretsCheck),
});

export interface BackChannelLogoutOptions extends option.Given<typeof BACK_CHANNEL_LOGOUT> {}

export interface BackChannelLogoutSettings extends option.Kept<typeof BACK_CHANNEL_LOGOUT> {}

export const backChannelLogoutOptions: option.Table<BackChannelLogoutSettings, BackChannelLogoutOptions> =
  BACK_CHANNEL_LOGOUT;

/** What revokes; the same object as that of the handlers. */
export const revoking: option.Check<Revocations> = option.having('revokeToken', 'revokeSubject', 'revokeSession');

const COLLABORATORS = option.table('BackChannelLogoutCollaborators', {
  clock: clockOption,
  /** The revocations that the handlers were given. */
  revocations: revoking,
  /**
   * Remembers logout tokens, so that each counts once. Default: a `MemoryOnceStore`; with several instances, give one that
   * they share.
   */
  onceStore: option.optional(onceStoreCheck),
});

/** Services of a receiver of logout tokens. */
export interface BackChannelLogoutCollaborators extends option.Given<typeof COLLABORATORS> {}

export const backChannelLogoutCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  BackChannelLogoutCollaborators
> = COLLABORATORS;
