import { type Malformed, malformed } from '@sallyport/core';
import { fingerprint, printsAs, type SecurityRequest } from '@sallyport/core/extend';
import type { SignedParts } from './signed-text.js';
import type { SchemeSettings } from './webhook-scheme.js';

/** The signatures of a delivery, and what is signed besides the body. Printing it shows no signature. */
export class WebhookCredential implements SignedParts {
  static {
    printsAs(this, (credential) => `[webhook signature ${credential.fingerprint()}]`);
  }

  /** Empty where the scheme has none. */
  readonly timestamp: string;
  /** Empty where none was sent. It proves nothing if the scheme does not sign it. */
  readonly id: string;
  readonly #signatures: readonly Buffer[];

  constructor({ timestamp, id }: SignedParts, signatures: readonly Buffer[]) {
    this.timestamp = timestamp;
    this.id = id;
    this.#signatures = signatures;
  }

  /** All of the length of the scheme's hash, in the order in which they were sent. At least one. */
  get signatures(): readonly Buffer[] {
    return this.#signatures;
  }

  /** For traces. Equal signatures have equal fingerprints within this process. */
  fingerprint(): string {
    return fingerprint(Buffer.concat([...this.#signatures]).toString('base64'));
  }
}

const MAX_LENGTH = 8_192;
const MAX_SIGNATURES = 32;
const HASH_BYTES = { sha256: 32, sha512: 64 };
const TIMESTAMP = /^\d{1,12}$/;
const ID = /^[!-~]{1,255}$/;

const DOUBLED = malformed('duplicate_credentials');
const TOO_LONG = malformed('credential_too_long');

/** Reads the header fields of a delivery; undefined where there is no signature. */
export function readCredential(
  scheme: SchemeSettings,
  request: SecurityRequest,
): WebhookCredential | Malformed | undefined {
  const [field, ...others] = request.headerLines(scheme.signatureHeader);
  if (field === undefined) return undefined;
  if (others.length > 0) return DOUBLED;
  if (field.length > MAX_LENGTH) return TOO_LONG;
  const parts = partsOf(field, scheme);
  const timestamp = timestampOf(parts, scheme, request);
  if (typeof timestamp !== 'string') return timestamp;
  const id = idOf(scheme, request);
  if (typeof id !== 'string') return id;
  const signatures = signaturesOf(parts, scheme);
  if (signatures.length === 0) return unreadable(scheme);
  return signatures.length > MAX_SIGNATURES ? TOO_LONG : new WebhookCredential({ timestamp, id }, signatures);
}

function partsOf(field: string, { separator }: SchemeSettings): readonly string[] {
  return separator === undefined ? [field] : field.split(separator).map((part) => part.trim());
}

/** Those that can be read. Vendors write signatures of other versions beside them. */
function signaturesOf(parts: readonly string[], { signaturePrefix = '', encoding, hash }: SchemeSettings): Buffer[] {
  const texts = parts
    .filter((part) => part.startsWith(signaturePrefix))
    .map((part) => part.slice(signaturePrefix.length));
  return texts.flatMap((text) => {
    const bytes = Buffer.from(text, encoding);
    // Node.js passes over what it cannot decode, so the text has to be what it would write.
    const isCanonical = bytes.toString(encoding) === (encoding === 'hex' ? text.toLowerCase() : text);
    return isCanonical && bytes.length === HASH_BYTES[hash] ? [bytes] : [];
  });
}

function unreadable({ signatureHeader, signaturePrefix = '', encoding, hash }: SchemeSettings): Malformed {
  const form = `${signaturePrefix}<${HASH_BYTES[hash]} bytes in ${encoding}>`;
  return malformed('webhook_signature_malformed', { detail: `${signatureHeader} holds no signature such as ${form}` });
}

/** What is signed must be there once, and of one form. */
function timestampOf(
  parts: readonly string[],
  { timestampHeader, timestampPrefix = '', signatureHeader, hasTime }: SchemeSettings,
  request: SecurityRequest,
): string | Malformed {
  if (!hasTime) return '';
  const inField = () => parts.filter((part) => part.startsWith(timestampPrefix));
  const [text, ...others] =
    timestampHeader === undefined
      ? inField().map((part) => part.slice(timestampPrefix.length))
      : request.headerLines(timestampHeader);
  if (others.length > 0) return DOUBLED;
  if (text !== undefined && TIMESTAMP.test(text)) return text;
  const detail = `${timestampHeader ?? `${timestampPrefix} in ${signatureHeader}`} must have the seconds since 1970`;
  if (text === undefined) return malformed('webhook_timestamp_missing', { detail });
  return malformed('webhook_timestamp_malformed', { detail });
}

/** An identifier that is not signed proves nothing, so one that cannot be used is left out. */
function idOf({ idHeader, signs }: SchemeSettings, request: SecurityRequest): string | Malformed {
  if (idHeader === undefined) return '';
  const [text, ...others] = request.headerLines(idHeader);
  const isFit = text !== undefined && others.length === 0 && ID.test(text) && signs.fits(text);
  if (isFit) return text;
  if (!signs.holds('id')) return '';
  if (others.length > 0) return DOUBLED;
  const detail = `${idHeader} must have 1 to 255 visible characters, and none that parts it from the rest`;
  if (text === undefined) return malformed('webhook_id_missing', { detail });
  return malformed('webhook_id_malformed', { detail });
}
