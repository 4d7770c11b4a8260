import { SecurityRequest } from '../request/request.js';
import { shownPath } from '../request/shown-path.js';
import type { CredentialPlace } from './credential-place.js';

/** Fields that carry no secret. All others may. */
const HARMLESS =
  /^(?:accept|accept-.*|cache-control|connection|content-.*|date|expect|forwarded|from|host|keep-alive|origin|pragma|priority|range|sec-ch-.*|sec-fetch-.*|te|traceparent|transfer-encoding|upgrade|upgrade-.*|user-agent|via|x-forwarded-.*|x-request-id)$/i;
/** Shorter words of a field may be the name of a scheme or cookie. */
const TELLING = 8;

/**
 * Everything that a request sent as a credential: for texts that must not repeat any of it. Most of a request may be one,
 * also where no handler looks: its query and all header lines but those of known harmless fields.
 * Words of fewer than 8 characters count only at one of `places`, and as a password of Basic. A user name of Basic may be a key.
 */
export function credentialsSentIn(request: SecurityRequest, places: readonly CredentialPlace[]): readonly string[] {
  const lines = linesThatMayBeSecret(request);
  const words = [...lines, request.query].flatMap((text) => text.split(/[\s,;&]+/));
  const values = words.map((word) => word.slice(word.indexOf('=') + 1));
  const long = [...lines, ...words, ...values].filter(({ length }) => length >= TELLING);
  const placed = places.filter(({ at }) => at !== 'tls:certificate').flatMap((place) => place.valuesIn(request));
  return [...new Set([...long, ...long.map(decoded), ...placed, ...basicPartsIn(request)])];
}

/** The parts of a path that are no plain words: they may be secret, too. */
export function unshownIn({ path }: SecurityRequest): readonly string[] {
  return path
    .split('/')
    .filter((segment) => segment.length >= TELLING && shownPath(segment) !== segment)
    .flatMap((segment) => [segment, decoded(segment)]);
}

function linesThatMayBeSecret(request: SecurityRequest): readonly string[] {
  const rawHeaders = SecurityRequest.linesOf(request);
  return rawHeaders.filter((_, index) => index % 2 === 1 && !HARMLESS.test(rawHeaders[index - 1] as string));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Basic carries user name and password in base64 (RFC 7617 2). A short user name is no key, and helps whoever reads. */
function basicPartsIn({ authorization }: SecurityRequest): readonly string[] {
  if (authorization.kind !== 'credentials' || authorization.scheme !== 'basic') return [];
  const text = Buffer.from(authorization.value, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < TELLING) return [text.slice(colon + 1)];
  return [text.slice(0, colon), text.slice(colon + 1)];
}
