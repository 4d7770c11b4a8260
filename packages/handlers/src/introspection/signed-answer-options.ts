import { checkOptions, optionalOption, text, unchecked } from '@sallyport/core';
import { signatureAlgorithms } from '../jwt/algorithms.js';
import type { KeySource } from '../jwt/key-source.js';

/** How answers are signed (RFC 9701). */
export interface SignedAnswerOptions {
  /** The only algorithms that answers may be signed with. */
  readonly algorithms: string | readonly string[];
  /** The issuer's keys. Default: those that its metadata name, fetched as the endpoint is called. */
  readonly keys?: KeySource | undefined;
  /** Who answers are for (`aud`, RFC 9701 5). Default: the `clientId` of the client authentication. */
  readonly audience?: string | undefined;
}

export interface SignedAnswerSettings {
  readonly algorithms: readonly string[];
  readonly keys: KeySource | undefined;
  readonly audience: string | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedSignedAnswers(options: SignedAnswerOptions, name: string): SignedAnswerSettings {
  return checkOptions(name, options, {
    algorithms: signatureAlgorithms,
    keys: optionalOption(unchecked<KeySource>()),
    audience: optionalOption(text),
  });
}
