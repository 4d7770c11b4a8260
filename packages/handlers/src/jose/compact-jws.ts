import { isCanonicalBase64url } from './base64url.js';

/** The three parts of a token (RFC 7515 7.1), still encoded. */
export interface CompactJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** What is signed (RFC 7515 5.2). */
  readonly signingInput: string;
}

/** Cuts a token into its parts. `undefined` unless there are three, none is empty and each is canonical base64url. */
export function parseCompactJws(token: string): CompactJws | undefined {
  const [header, payload, signature, ...surplus] = token.split('.', 4);
  if (surplus.length > 0 || ![header, payload, signature].every(isCanonicalBase64url)) return undefined;
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return { header, payload, signature, signingInput } as CompactJws;
}

/** Whether a token has the outline of a JWS, or of a JWE (RFC 7516 3.1): looks at nothing but its dots. */
export function outlineOf(token: string): 'jws' | 'jwe' | undefined {
  const parts = token.split('.', 6).length;
  if (parts === 3) return 'jws';
  return parts === 5 ? 'jwe' : undefined;
}

/**
 * The issuer that a token claims to be of, unverified: good for choosing who looks at the token, and for nothing else.
 * Reads leniently, so that what is malformed about a token is found by the handler that is responsible for it.
 */
export function peekIssuer(token: string): string | undefined {
  const payload = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
  try {
    const issuer: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())?.iss;
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}
