import { fieldNameCheck, option } from '@sallyport/core/extend';
import { SignedText } from './signed-text.js';

export const WEBHOOK_SCHEME = option.table('WebhookScheme', {
  /** The header field with the signature. */
  signatureHeader: fieldNameCheck,
  /** What stands in front of each signature, such as `sha256=`. Default: nothing. */
  signaturePrefix: option.optional(option.text),
  /**
   * What stands between several signatures in one field. What does not begin with `signaturePrefix` is passed over there.
   * Default: the field is one signature.
   */
  separator: option.optional(option.oneOf(',', ';', ' ')),
  /** How signatures are written. Base64 is the standard alphabet with padding (RFC 4648 4). */
  encoding: option.oneOf('hex', 'base64'),
  /** The hash of the HMAC (RFC 2104). */
  hash: option.withDefault(option.oneOf('sha256', 'sha512'), 'sha256'),
  /**
   * What is signed: a text with `{body}`, and with `{timestamp}` and `{id}` where these are signed, such as
   * `{id}.{timestamp}.{body}`.
   */
  signs: option.text,
  /** The header field with the time of the delivery, in seconds since the epoch. */
  timestampHeader: option.optional(fieldNameCheck),
  /** What stands in front of the time if it is one of the parts of the signature's field, such as `t=`. */
  timestampPrefix: option.optional(option.text),
  /** The header field with the identifier of the delivery. It proves nothing unless `signs` holds it. */
  idHeader: option.optional(fieldNameCheck),
  /** How secrets are written: as the bytes of the text, or in base64. */
  secretEncoding: option.withDefault(option.oneOf('text', 'base64'), 'text'),
  /** What stands in front of a secret and is no part of it, such as `whsec_`. A secret may be given without it. */
  secretPrefix: option.optional(option.text),
});

/**
 * How deliveries of webhooks are signed: by an HMAC over the body, and perhaps over a time and an identifier.
 *
 * @example
 * const zoom: WebhookScheme = {
 *   signatureHeader: 'X-Zm-Signature',
 *   signaturePrefix: 'v0=',
 *   encoding: 'hex',
 *   signs: 'v0:{timestamp}:{body}',
 *   timestampHeader: 'X-Zm-Request-Timestamp',
 * };
 */
export interface WebhookScheme extends option.Given<typeof WEBHOOK_SCHEME> {}

/** A scheme that was checked, with what is signed compiled. */
export interface SchemeSettings extends Omit<option.Kept<typeof WEBHOOK_SCHEME>, 'signs'> {
  readonly signs: SignedText;
  readonly hasTime: boolean;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function compiledScheme(value: unknown, name: string): SchemeSettings {
  const scheme = WEBHOOK_SCHEME(value, name);
  const signs = new SignedText(scheme.signs, `${name}.signs`);
  const { timestampHeader, timestampPrefix, idHeader, separator } = scheme;
  if (timestampHeader !== undefined && timestampPrefix !== undefined) {
    throw option.invalid(name, 'must have at most one of timestampHeader, timestampPrefix');
  }
  const hasTime = timestampHeader !== undefined || timestampPrefix !== undefined;
  // An unsigned time is worth nothing: whoever replays a delivery writes a new one.
  if (signs.holds('timestamp') !== hasTime) {
    throw option.invalid(name, 'must have {timestamp} in signs and a place of the time, or neither');
  }
  if (timestampPrefix !== undefined && separator === undefined) {
    throw option.invalid(`${name}.separator`, 'must tell what stands between the time and the signatures');
  }
  if (signs.holds('id') && idHeader === undefined) {
    throw option.invalid(`${name}.idHeader`, 'must tell where the {id} of signs stands');
  }
  return Object.freeze({ ...scheme, signs, hasTime });
}
