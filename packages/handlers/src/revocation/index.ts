export { BackChannelLogout } from './back-channel-logout.js';
export type { BackChannelLogoutCollaborators, BackChannelLogoutOptions } from './back-channel-logout-options.js';
export type { Endpoint, MountedOptions, NodeEndpointRequest, NodeEndpointResponse } from './endpoint.js';
export type { EndpointAnswer } from './endpoint-answer.js';
export type { EndpointRequest } from './endpoint-request.js';
export type { LogoutIssuer } from './logout-issuer.js';
export { RevocationEndpoint } from './revocation-endpoint.js';
export type { RevocationEndpointCollaborators, RevocationEndpointOptions } from './revocation-endpoint-options.js';
export { onRevocationEvent, REVOCATION_CHANNEL, type RevocationEvent } from './revocation-events.js';
