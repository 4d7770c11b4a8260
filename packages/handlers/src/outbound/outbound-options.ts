import { option } from '@sallyport/core/extend';

/** How a handler talks to the servers it depends on. */
export interface OutboundOptions {
  /** From the first byte sent to the last byte read, retries and queueing included, in milliseconds. Default 2 000; 1 to 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Calls under way at once. Default 64; 1 to 1 024. */
  readonly maxConcurrent?: number | undefined;
  /**
   * Calls that wait for one of those places, none of them longer than half of `timeoutMs`; more are refused with 503.
   * Default 1 024; 0 to 100 000.
   */
  readonly maxQueued?: number | undefined;
  /** Certificates (PEM) to trust besides the well-known authorities. */
  readonly certificateAuthorities?: string | readonly string[] | undefined;
  /** The certificate that the handler shows (PEM), for mutual TLS (RFC 8705 2). */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Allows `http:` for loopback hosts. Default false: every server must be `https:`. */
  readonly allowInsecureLoopback?: boolean | undefined;
  /** Accepts any certificate: for development only, with a warning at start. Default false. */
  readonly dangerouslyAcceptAnyCertificate?: boolean | undefined;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface OutboundSettings {
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly certificateAuthorities: readonly string[] | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly allowInsecureLoopback: boolean;
  readonly dangerouslyAcceptAnyCertificate: boolean;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function checkedOutboundOptions(options: OutboundOptions): OutboundSettings {
  return option.check('OutboundOptions', options, {
    timeoutMs: option.withDefault(option.between(1, 30_000), 2_000),
    maxConcurrent: option.withDefault(option.between(1, 1_024), 64),
    maxQueued: option.withDefault(option.between(0, 100_000), 1_024),
    certificateAuthorities: option.optional(option.textOrTexts),
    clientCertificate: option.optional(clientCertificate),
    allowInsecureLoopback: option.withDefault(option.flag, false),
    dangerouslyAcceptAnyCertificate: option.withDefault(option.flag, false),
  });
}

function clientCertificate(value: unknown, name: string): ClientCertificate {
  return option.check(name, value as object, { cert: option.text, key: option.text });
}

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
