import { malformed, type SecurityRequest, type Verdict } from '@sallyport/core';

/** A user name and password as they were sent, NFC-normalised (RFC 7617 2.1). */
export class BasicCredentials {
  readonly user: string;
  readonly #password: string;

  constructor(user: string, password: string) {
    this.user = user;
    this.#password = password;
  }

  /** The password, for verification only. Nothing that prints this object shows it. */
  revealPassword(): string {
    return this.#password;
  }
}

const MAX_ENCODED_LENGTH = 4_096;
const MAX_USER_BYTES = 256;
const MAX_PASSWORD_BYTES = 1_024;
/** RFC 4648 4 with padding; spare bits are checked by encoding again. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const CONTROL_CHARACTER = /\p{Cc}/u;
/** A byte order mark is part of the user name: cutting it off would make two credentials one. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const MALFORMED: Verdict = malformed('basic_credentials_malformed');

/**
 * The credentials of a Basic Authorization header (RFC 7617 2): canonical base64 of valid UTF-8, split at the first
 * colon, nothing trimmed. `undefined` when another scheme or nothing was sent.
 */
export function extractBasicCredentials(request: SecurityRequest): BasicCredentials | Verdict | undefined {
  const { authorization } = request;
  if (authorization.kind !== 'credentials' || authorization.scheme !== 'basic') return undefined;
  return decodeBasicCredentials(authorization.value) ?? MALFORMED;
}

/** Decodes `user-pass` (RFC 7617 2); `undefined` when it breaks the syntax. */
export function decodeBasicCredentials(encoded: string): BasicCredentials | undefined {
  const userPass = decodeBase64Utf8(encoded)?.normalize('NFC');
  if (userPass === undefined || CONTROL_CHARACTER.test(userPass)) return undefined;
  const colon = userPass.indexOf(':');
  const user = userPass.slice(0, colon);
  const password = userPass.slice(colon + 1);
  if (colon < 1 || Buffer.byteLength(user) > MAX_USER_BYTES || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    return undefined;
  }
  return new BasicCredentials(user, password);
}

function decodeBase64Utf8(encoded: string): string | undefined {
  if (encoded === '' || encoded.length > MAX_ENCODED_LENGTH || !BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
