import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AuthorizationServer, MOUNT_PATH } from './authorization-server/authorization-server.js';
import { sendWso2Error } from './wso2-error.js';

/** The endpoints of the authorization server that this port offers too. */
const ENDPOINTS: readonly string[] = ['/token', '/revoke'];

/** `POST /token` and `POST /revoke` on the gateway port: the same endpoints as below `/oauth2` on the API's port. */
export function tokenEndpoint(authorizationServer: AuthorizationServer): RequestListener {
  return function tokenEndpointListener(request: IncomingMessage, response: ServerResponse) {
    if (!ENDPOINTS.includes(request.url ?? '')) {
      return sendWso2Error(response, 404, 'Not Found', 'This port serves POST /token and POST /revoke.');
    }
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      return sendWso2Error(response, 405, 'Method Not Allowed', 'Send the parameters as a form with POST.');
    }
    // RFC 6749 5.1 asks for `Cache-Control` and `Pragma`. The authorization server sets only the first.
    response.setHeader('Pragma', 'no-cache');
    request.url = MOUNT_PATH + request.url;
    authorizationServer.handle(request, response);
  };
}
