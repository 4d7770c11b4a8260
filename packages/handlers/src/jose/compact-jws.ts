import { isCanonicalBase64url } from './base64url.js';

/** The three parts of a token (RFC 7515 7.1), still encoded. */
export interface CompactJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** The text that the signature covers (RFC 7515 5.2). */
  readonly signingInput: string;
}

/**
 * Cuts a token into its parts. `undefined` unless there are exactly three, each of them non-empty canonical base64url.
 */
export function parseCompactJws(token: string): CompactJws | undefined {
  const [header, payload, signature, ...surplus] = token.split('.', 4);
  if (surplus.length > 0 || ![header, payload, signature].every(isCanonicalBase64url)) return undefined;
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return { header, payload, signature, signingInput } as CompactJws;
}

/** What a token is, as far as it can be told from outside. */
export interface Outline {
  readonly outline: 'jws' | 'jwe' | undefined;
  /** The issuer that a JWS claims; undefined if it cannot be read. */
  readonly issuer: string | undefined;
}

export function readOutline(token: string): Outline {
  const outline = outlineOf(token);
  return { outline, issuer: outline === 'jws' ? peekIssuer(token) : undefined };
}

/** Tells a JWS from a JWE by the number of dots alone (RFC 7516 3.1). */
function outlineOf(token: string): Outline['outline'] {
  const parts = token.split('.', 6).length;
  if (parts === 3) return 'jws';
  return parts === 5 ? 'jwe' : undefined;
}

/** Stands for the issuer of a token that names none. */
export const NO_ISSUER = '';

/**
 * The issuer that a token claims, unverified; `NO_ISSUER` where null, "" or no claim is there. Use it only to choose the
 * handler that checks the token. It reads leniently, because that handler reports what is malformed.
 */
export function peekIssuer(token: string): string | undefined {
  const payload = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims !== 'object' || claims === null) return undefined;
    const issuer = (claims as { readonly iss?: unknown }).iss ?? NO_ISSUER;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}
