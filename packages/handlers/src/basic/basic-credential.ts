import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { type Malformed, malformed } from '@sallyport/core';
import { fingerprint, Secret } from '@sallyport/core/extend';
import { hasControlCharacter, MAX_PASSWORD_BYTES, MAX_USER_NAME_BYTES, normalForm } from './passwords/basic-text.js';

/** A user name and a password as they were sent, in Unicode NFC. Whatever prints it sees no password. */
export class BasicCredential {
  // One lives for ever, so that V8 keeps the optimised code (docs/performance.md, "Specimens").
  static {
    Object.assign(this, { [Symbol('specimen')]: new this('', '', '') });
  }

  readonly userName: string;
  /** Names it among the credentials that were proved: a keyed hash. */
  readonly name: string;
  /** How many revocations there were when it was last looked at. */
  revocation = 0;
  readonly #token68: string;

  /** @param token68 what followed `Basic`: well-formed, and of this user */
  constructor(token68: string, userName: string, name: string) {
    this.#token68 = token68;
    this.userName = userName;
    this.name = name;
  }

  /** Decoded each time: who logs in with a password that is remembered needs none. */
  get password(): Secret {
    const bytes = Buffer.from(this.#token68, 'base64');
    const password = new Secret(normalForm(bytes.toString('utf8', bytes.indexOf(COLON) + 1)));
    bytes.fill(0);
    return password;
  }

  /**
   * How a revocation may name this credential: as it was sent, in Unicode NFC, and with the name of its account. A store may
   * find an account under several names.
   */
  spellings(accountName: string): readonly string[] {
    return [this.#token68, this.of(this.userName), this.of(accountName)];
  }

  /** What would follow `Basic` if the user had called itself so, in Unicode NFC. */
  of(userName: string): string {
    return Buffer.from(`${userName}:${this.password.reveal()}`).toString('base64');
  }

  /** For traces: the same for the same credential, within this process. */
  fingerprint(): string {
    return fingerprint(this.#token68);
  }

  toJSON(): string {
    return `[basic credential ${this.fingerprint()}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

const MAX_TOKEN_LENGTH = 4_096;
const COLON = 0x3a;

const TOO_LONG = malformed('basic_credential_too_long');
const BAD_BASE64 = malformed('basic_base64_invalid');
const BAD_UTF8 = malformed('basic_utf8_invalid');
const CONTROL_CHARACTER = malformed('basic_control_character');
const NO_COLON = malformed('basic_colon_missing');
const NO_USER_NAME = malformed('basic_user_name_empty');

/**
 * Checks what follows `Basic` and tells whose it is (RFC 7617 2): canonical base64 of UTF-8, cut at the first colon,
 * nothing trimmed. Only one spelling of a credential is taken, so that counters and caches see it as one.
 */
export function parseUserName(token68: string): string | Malformed {
  if (token68.length > MAX_TOKEN_LENGTH) return TOO_LONG;
  const bytes = Buffer.from(token68, 'base64');
  const userName = bytes.toString('base64') === token68 ? userNameOf(bytes) : BAD_BASE64;
  bytes.fill(0);
  return userName;
}

/** The user of a user-pass (RFC 7617 2). */
function userNameOf(bytes: Buffer): string | Malformed {
  if (!isUtf8(bytes)) return BAD_UTF8;
  if (hasControlCharacter(bytes)) return CONTROL_CHARACTER;
  const colon = bytes.indexOf(COLON);
  if (colon === -1) return NO_COLON;
  if (colon === 0) return NO_USER_NAME;
  if (colon > MAX_USER_NAME_BYTES || bytes.length - colon - 1 > MAX_PASSWORD_BYTES) return TOO_LONG;
  return normalForm(bytes.toString('utf8', 0, colon));
}
