import type { SecurityRequest } from '../request/request.js';
import { type CredentialPlace, credentialPlace } from './credential-place.js';

/** Fields that carry credentials, whatever handlers a chain has. */
const FIELDS = ['authorization', 'proxy-authorization', 'dpop', 'sec-websocket-protocol', 'cookie'] as const;
/** Shorter words of a field may be the name of a scheme or cookie. */
const TELLING = 8;
const ACCESS_TOKEN = credentialPlace('query:access_token') as CredentialPlace;

/**
 * Everything that a request sent as a credential, in the fields made for it or at one of these places: for texts that must
 * not repeat any of it. A user name is none.
 */
export function credentialsSentIn(request: SecurityRequest, places: readonly CredentialPlace[]): readonly string[] {
  const words = FIELDS.flatMap((name) => request.headerLines(name)).flatMap((line) => line.split(/[\s,;]+/));
  const values = words.map((word) => word.slice(word.indexOf('=') + 1));
  const placed = [ACCESS_TOKEN, ...places.filter(({ at }) => at !== 'tls:certificate')].flatMap((place) =>
    place.valuesIn(request),
  );
  const { authorization } = request;
  const password =
    authorization.kind === 'credentials' && authorization.scheme === 'basic' ? passwordIn(authorization.value) : [];
  return [...new Set([...[...words, ...values].filter(({ length }) => length >= TELLING), ...placed, ...password])];
}

/** Basic carries the password in base64 (RFC 7617 2). */
function passwordIn(value: string): readonly string[] {
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? [] : [text.slice(colon + 1)];
}
