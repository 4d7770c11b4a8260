/** What can be read of a credential without verifying it. */
export interface RevocableToken {
  /** True for a signed token (JWS). Unlike an encrypted one, it contains no other token. */
  readonly isSigned: boolean;
  /** The `exp` of a signed token, in seconds since the epoch. */
  readonly expiresAt: number | undefined;
  /** The `iss` of a signed token, and its `sub` or else its `client_id`. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
}

const JWE_PARTS = 5;

/**
 * The part of a credential that is revoked, because nobody can change it without making the credential invalid:
 * - of a signed token (RFC 7515 7.1) the signing input. Anybody can replace an ECDSA signature by its high-S twin, which is
 *   valid as well.
 * - of an encrypted token (RFC 7516 7.1) everything but the tag, which follows from the other parts.
 * - of any other credential the whole text.
 */
export function revocableText(credential: string): string {
  const header = objectIn(credential.slice(0, Math.max(0, credential.indexOf('.'))));
  if (typeof header?.['alg'] !== 'string') return credential;
  const parts = credential.split('.', JWE_PARTS + 1);
  if (parts.length === JWE_PARTS && header['enc'] !== undefined) return encryptedText(parts);
  return parts[1] === '' ? credential : `${parts[0]}.${parts[1]}`;
}

/** Reads what a credential says about itself, without verifying it. */
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

/** Encodes the parts after the header anew, because lenient servers accept several spellings of the same bytes. */
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
