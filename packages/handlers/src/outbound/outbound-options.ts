import { option } from '@sallyport/core/extend';

export const CLIENT_CERTIFICATE = option.table('ClientCertificate', {
  /** The certificate in PEM, with those that lead to an authority. */
  cert: option.text,
  /** Its private key in PEM. */
  key: option.text,
});

export interface ClientCertificate extends option.Given<typeof CLIENT_CERTIFICATE> {}

const OUTBOUND = option.table('OutboundOptions', {
  /** From the first byte sent to the last byte read, retries and queueing included, in milliseconds. */
  timeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
  /** Calls under way at once. */
  maxConcurrent: option.withDefault(option.between(1, 1_024), 64),
  /** Calls that wait for one of those places, none of them longer than half of `timeoutMs`; more are refused with 503. */
  maxQueued: option.withDefault(option.between(0, 100_000), 1_024),
  /** Certificates (PEM) to trust besides the well-known authorities. */
  certificateAuthorities: option.optional(option.textOrTexts),
  /** The certificate that the handler shows (PEM), for mutual TLS (RFC 8705 2). */
  clientCertificate: option.optional<ClientCertificate, ClientCertificate>(CLIENT_CERTIFICATE),
  /** Allows `http:` for loopback hosts. Without it every server must be `https:`. */
  allowInsecureLoopback: option.withDefault(option.flag, false),
  /** Accepts any certificate: for development only, with a warning at start. */
  dangerouslyAcceptAnyCertificate: option.withDefault(option.flag, false),
});

/** How a handler talks to the servers it depends on. */
export interface OutboundOptions extends option.Given<typeof OUTBOUND> {}

export interface OutboundSettings extends option.Kept<typeof OUTBOUND> {}

export const outboundOptions: option.Table<OutboundSettings, OutboundOptions> = OUTBOUND;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A URL that may be called: https, or http on a loopback host where that was allowed; no user name, no fragment.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkedEndpoint(value: string, name: string, settings: OutboundSettings): URL {
  if (!URL.canParse(value)) throw option.invalid(name, 'must be an absolute URL');
  const url = new URL(value);
  const isAllowedHttp = url.protocol === 'http:' && settings.allowInsecureLoopback && LOOPBACK.test(url.hostname);
  if (url.protocol !== 'https:' && !isAllowedHttp) {
    throw option.invalid(
      name,
      'must be an https URL (http only for a loopback host, with outbound.allowInsecureLoopback)',
    );
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw option.invalid(name, 'must have neither credentials nor a fragment');
  }
  return url;
}
