export { BackChannelLogout } from './back-channel-logout.js';
export type { BackChannelLogoutCollaborators, BackChannelLogoutOptions } from './back-channel-logout-options.js';
export type { EndpointAnswer } from './endpoint-answer.js';
export type { EndpointRequest } from './endpoint-request.js';
export type { LogoutIssuer } from './logout-issuer.js';
export type { MountedOptions, NodeEndpointRequest, NodeEndpointResponse } from './mounting.js';
export { onRevocationEvent, REVOCATION_CHANNEL, type RevocationEvent } from './revocation-events.js';
