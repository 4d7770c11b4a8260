import { isUtf8 } from 'node:buffer';
import { type Malformed, malformed } from '@sallyport/core';
import { fingerprint, keepSpecimen, printsAs, Secret } from '@sallyport/core/extend';
import { hasControlCharacter, MAX_PASSWORD_BYTES, MAX_USER_NAME_BYTES, normalForm } from './passwords/basic-text.js';

/** A user name and a password as they were sent, in Unicode NFC. Printing it shows no password. */
export class BasicCredential {
  static {
    keepSpecimen(new this('', '', ''));
    printsAs(this, (credential) => `[basic credential ${credential.fingerprint()}]`);
  }

  readonly userName: string;
  /** A keyed hash that names the credential in `ProvedPasswords`. */
  readonly name: string;
  /** The number of revocations when the credential was last judged. */
  revocation = 0;
  readonly #token68: string;

  /** @param token68 the text after `Basic`: well-formed, and of this user */
  constructor(token68: string, userName: string, name: string) {
    this.#token68 = token68;
    this.userName = userName;
    this.name = name;
  }

  /** Decoded on each call. A login with a remembered password does not need it. */
  get password(): Secret {
    const bytes = Buffer.from(this.#token68, 'base64');
    const password = new Secret(normalForm(bytes.toString('utf8', bytes.indexOf(COLON) + 1)));
    bytes.fill(0);
    return password;
  }

  /**
   * The spellings by which a revocation may name this credential: as it was sent, in Unicode NFC, and with the name of
   * its account. A store may find an account under several names.
   */
  spellings(accountName: string): readonly string[] {
    return [this.#token68, this.of(this.userName), this.of(accountName)];
  }

  /** The text after `Basic` for this user name and the same password, in Unicode NFC. */
  of(userName: string): string {
    return Buffer.from(`${userName}:${this.password.reveal()}`).toString('base64');
  }

  /** For traces. Equal credentials have equal fingerprints within this process. */
  fingerprint(): string {
    return fingerprint(this.#token68);
  }
}

const MAX_TOKEN_LENGTH = 4_096;
const COLON = 0x3a;

const TOO_LONG = malformed('basic_credential_too_long');
const BAD_BASE64 = malformed('basic_base64_invalid');
const BAD_UTF8 = malformed('basic_utf8_invalid');
const CONTROL_CHARACTER = malformed('basic_control_character');
const NO_COLON = malformed('basic_colon_missing');

/**
 * Checks the text after `Basic` and returns its user name (RFC 7617 2). The text is canonical base64 of UTF-8. It is
 * cut at the first colon, and nothing is trimmed. Both halves may be empty: API keys often stand in one of them. Only one spelling of a credential is accepted, so that counters and
 * caches see one credential.
 */
export function parseUserName(token68: string): string | Malformed {
  if (token68.length > MAX_TOKEN_LENGTH) return TOO_LONG;
  const bytes = Buffer.from(token68, 'base64');
  const userName = bytes.toString('base64') === token68 ? userNameOf(bytes) : BAD_BASE64;
  bytes.fill(0);
  return userName;
}

/** The user name of a `user-pass` (RFC 7617 2). */
function userNameOf(bytes: Buffer): string | Malformed {
  if (!isUtf8(bytes)) return BAD_UTF8;
  if (hasControlCharacter(bytes)) return CONTROL_CHARACTER;
  const colon = bytes.indexOf(COLON);
  if (colon === -1) return NO_COLON;
  if (colon > MAX_USER_NAME_BYTES || bytes.length - colon - 1 > MAX_PASSWORD_BYTES) return TOO_LONG;
  return normalForm(bytes.toString('utf8', 0, colon));
}
