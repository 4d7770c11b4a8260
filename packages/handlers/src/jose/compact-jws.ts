import { keepSpecimen, SentJson } from '@sallyport/core/extend';
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

/** What a token is, as far as it can be told from outside. Unverified. */
export class Outline {
  static {
    keepSpecimen(new this(undefined));
  }

  readonly outline: 'jws' | 'jwe' | undefined;
  /** The issuer that a JWS claims; undefined if it cannot be read. */
  readonly issuer: string | undefined;
  #payload: SentJson | undefined;

  constructor(outline: Outline['outline'], payload?: SentJson) {
    this.outline = outline;
    this.issuer = payload && issuerIn(payload);
    this.#payload = payload;
  }

  /** That of a JWS, until it is forgotten. */
  get payload(): SentJson | undefined {
    return this.#payload;
  }

  /** It may be as large as the token. */
  forgetPayload(): void {
    this.#payload = undefined;
  }
}

export function readOutline(token: string): Outline {
  const outline = outlineOf(token);
  return new Outline(outline, outline === 'jws' ? payloadOf(token) : undefined);
}

/** Tells a JWS from a JWE by the number of dots alone (RFC 7516 3.1). */
function outlineOf(token: string): Outline['outline'] {
  const parts = token.split('.', 6).length;
  if (parts === 3) return 'jws';
  return parts === 5 ? 'jwe' : undefined;
}

/** Stands for the issuer of a token that names none. */
export const NO_ISSUER = '';

/** The payload of a JWS, unverified. */
export function payloadOf(token: string): SentJson {
  return new SentJson(Buffer.from(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')), 'base64url'));
}

/**
 * The issuer that a payload claims, unverified; `NO_ISSUER` where null, "" or no claim is there. Use it only to choose the
 * handler that checks the token. It reads leniently, because that handler reports what is malformed.
 */
export function issuerIn({ value: claims }: SentJson): string | undefined {
  if (typeof claims !== 'object' || claims === null) return undefined;
  const issuer = (claims as { readonly iss?: unknown }).iss ?? NO_ISSUER;
  return typeof issuer === 'string' ? issuer : undefined;
}
