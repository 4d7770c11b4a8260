/** Base64url without padding in its only canonical form: whole quads, then a tail whose spare bits are zero. */
const CANONICAL = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?';

const BASE64URL = new RegExp(`^(?=.)${CANONICAL}$`);

/** True for the canonical spelling of one or more bytes (RFC 7515 2, RFC 4648 3.5). */
export function isCanonicalBase64url(text: unknown): text is string {
  return typeof text === 'string' && BASE64URL.test(text);
}
