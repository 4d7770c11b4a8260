import type { Decider } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { revoking } from './back-channel-logout-options.js';

const REVOCATION_ENDPOINT = option.table('RevocationEndpointOptions', {
  /** The largest body, in bytes; a larger one is 413. */
  maxBodyBytes: option.withDefault(option.between(1_024, 1_048_576), 16_384),
});

export interface RevocationEndpointOptions extends option.Given<typeof REVOCATION_ENDPOINT> {}

export interface RevocationEndpointSettings extends option.Kept<typeof REVOCATION_ENDPOINT> {}

export const revocationEndpointOptions: option.Table<RevocationEndpointSettings, RevocationEndpointOptions> =
  REVOCATION_ENDPOINT;

const COLLABORATORS = option.table('RevocationEndpointCollaborators', {
  /** Decides who may revoke: a chain whose requirement authorization servers and administrators meet. */
  decider: option.having<Decider>('decide'),
  /** The revocations that the handlers were given. */
  revocations: revoking,
});

/** Services of a revocation endpoint. */
export interface RevocationEndpointCollaborators extends option.Given<typeof COLLABORATORS> {}

export const revocationEndpointCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  RevocationEndpointCollaborators
> = COLLABORATORS;
