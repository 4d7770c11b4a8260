/** What can be read of a credential without verifying it. */
export interface RevocableToken {
  /** A signed token: no token inside, no other name. */
  readonly isSigned: boolean;
  /** When a signed token says that it ends, in seconds since the epoch. */
  readonly expiresAt: number | undefined;
  /** The subject that a signed token names. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
}

const JWE_PARTS = 5;

/**
 * The part of a credential that is revoked. Anybody can replace the signature of a signed token (RFC 7515 7.1) by another
 * valid one, such as the high-S twin of an ECDSA signature, so only the signing input of a token with a JOSE header
 * counts. The tag of an encrypted token (RFC 7516 7.1) follows from its other parts and is left out. Of any other
 * credential the whole text counts.
 */
export function revocableText(credential: string): string {
  const header = objectIn(credential.slice(0, Math.max(0, credential.indexOf('.'))));
  if (typeof header?.['alg'] !== 'string') return credential;
  const parts = credential.split('.', JWE_PARTS + 1);
  if (parts.length === JWE_PARTS && header['enc'] !== undefined) return encryptedText(parts);
  return parts[1] === '' ? credential : `${parts[0]}.${parts[1]}`;
}

/** What a credential says about itself. */
export function readRevocableToken(credential: string): RevocableToken {
  const text = revocableText(credential);
  const parts = text.split('.');
  const isSigned = parts.length === 2 && text !== credential;
  const claims = isSigned ? objectIn(parts[1]) : undefined;
  return {
    isSigned,
    expiresAt: numericDate(claims?.['exp']),
    issuer: nonEmpty(claims?.['iss']),
    subject: nonEmpty(claims?.['sub']) ?? nonEmpty(claims?.['client_id']),
  };
}

/** Lenient servers accept several spellings of the same bytes, so the parts after the header are encoded anew. */
function encryptedText([header, ...others]: readonly string[]): string {
  const bytes = others.slice(0, -1).map((part) => Buffer.from(part, 'base64url'));
  return [header, ...bytes.map((part) => part.toString('base64url'))].join('.');
}

function objectIn(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  const json = Buffer.from(part ?? '', 'base64url')
    .toString()
    .trim();
  if (!json.startsWith('{')) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function numericDate(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
