import { option } from '@sallyport/core/extend';
import { signatureAlgorithms } from '../jose/algorithms.js';
import type { KeySource } from '../keys/key-source.js';
import type { ClientAuthenticationSettings } from './client-authentication.js';

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
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Default: those that the issuer's metadata name. */
  readonly keys: KeySource | undefined;
}

export const SIGNED_ANSWERS = 'IntrospectionHandlerOptions.signedAnswers';

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedSignedAnswers(
  options: SignedAnswerOptions,
  { issuer, clientAuthentication }: { issuer: string | undefined; clientAuthentication: ClientAuthenticationSettings },
): SignedAnswerSettings {
  const {
    algorithms,
    keys,
    audience = clientAuthentication.clientId,
  } = option.check(SIGNED_ANSWERS, options, {
    algorithms: signatureAlgorithms,
    keys: option.optional(option.unchecked<KeySource>()),
    audience: option.optional(option.text),
  });
  if (issuer === undefined) throw option.invalid('IntrospectionHandlerOptions.issuer', 'is needed for signedAnswers');
  if (audience === undefined)
    throw option.invalid(`${SIGNED_ANSWERS}.audience`, 'is needed where the client authentication has no clientId');
  return { issuer, audience, algorithms, keys };
}
