import {
  type AuthorizationCredentials,
  type Connection,
  dropFrom,
  keepOn,
  type Reader,
} from '../request/authorization-header.js';
import { SecurityRequest } from '../request/request.js';

/**
 * For handlers: what `reader` makes of a credential. Where that stands in the Authorization header, this is done once for
 * all handlers of the request. `reader` must be a pure function, and the same one each time.
 * @example
 * const isNumeric = (text: string) => /^\d+$/.test(text);
 * const flaw = readOnce(isNumeric, token, request) ? undefined : malformed('token_not_numeric');
 */
export function readOnce<Reading>(reader: Reader<Reading>, credential: string, request: SecurityRequest): Reading {
  const credentials = credentialsIn(request, credential);
  return credentials === undefined ? reader(credential) : credentials.read(reader);
}

/**
 * For handlers of bearer tokens: lets the connection keep the header of a token that was good. The next request with the
 * same header has it parsed and hashed already, and is decided like any other. The header is dropped with a refusal, with
 * another header, and when the connection closes. Has no effect on a token at another place, or with another scheme.
 */
export function keepOnConnection(token: string, request: SecurityRequest): void {
  const credentials = credentialsIn(request, token);
  if (credentials?.scheme !== 'bearer') return;
  const connection = SecurityRequest.connectionOf(request);
  if (connection !== undefined) keepOn(connection, credentials);
}

/**
 * For adapters: drops what a connection has kept of the requests before, where no other request follows on it.
 * @example
 * server.on('upgrade', (request, socket) => forgetOnConnection(socket));
 */
export function forgetOnConnection(connection: Connection): void {
  dropFrom(connection);
}

function credentialsIn({ authorization }: SecurityRequest, credential: string): AuthorizationCredentials | undefined {
  return authorization.kind === 'credentials' && authorization.value === credential ? authorization : undefined;
}
