import { option } from '@sallyport/core/extend';
import type { Dispatcher } from 'undici';

export const CLIENT_CERTIFICATE = option.table('ClientCertificate', {
  /** The certificate in PEM, with those that lead to an authority. */
  cert: option.text,
  /** Its private key in PEM. */
  key: option.text,
});

export interface ClientCertificate extends option.Given<typeof CLIENT_CERTIFICATE> {}

/** It may hold a password: errors never quote the value. */
const proxy = option.refined(option.text, (value, name) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isProxy = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/';
  if (value !== 'environment' && (!isProxy || url.search !== '' || url.hash !== '')) {
    throw option.invalid(name, 'must be "environment", or an http or https URL without path, query and fragment');
  }
  return value;
});

const CONNECTION = option.table('ConnectionOptions', {
  /** Certificates (PEM) to trust besides those that Node trusts: the well-known authorities and `NODE_EXTRA_CA_CERTS`. */
  certificateAuthorities: option.optional(option.textOrTexts),
  /** The certificate that the handler shows (PEM), for mutual TLS (RFC 8705 2). No proxy gets it. */
  clientCertificate: option.optional<ClientCertificate, ClientCertificate>(CLIENT_CERTIFICATE),
  /**
   * The proxy that all calls go through, by a tunnel (CONNECT), as an http or https URL, with user name and password where
   * it wants them; or `environment`: the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. Default: none.
   */
  proxy: option.optional(proxy),
  /**
   * A dispatcher of undici 7 or later that makes the calls in place of the client's own connections; it is not closed. Then
   * it decides about proxies and certificates, and the other options for these are refused.
   */
  dispatcher: option.optional(option.having<Dispatcher>('dispatch')),
  /** Accepts any certificate: for development only, with a warning at start. */
  dangerouslyAcceptAnyCertificate: option.withDefault(option.flag, false),
});

/** Which way calls take, and who is believed at its end. */
export interface ConnectionOptions extends option.Given<typeof CONNECTION> {}

export interface ConnectionKept extends option.Kept<typeof CONNECTION> {}

export const connectionOptions: option.Table<ConnectionKept, ConnectionOptions> = CONNECTION;

export interface ConnectionSettings extends ConnectionKept {
  readonly maxConcurrent: number;
  readonly timeoutMs: number;
}

const MADE_BY_A_DISPATCHER = ['certificateAuthorities', 'clientCertificate', 'proxy'] as const;

/**
 * Refuses options that would have no effect.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkDispatcher(settings: ConnectionSettings): void {
  if (settings.dispatcher === undefined) return;
  const idle = MADE_BY_A_DISPATCHER.find((name) => settings[name] !== undefined);
  const name = settings.dangerouslyAcceptAnyCertificate ? 'dangerouslyAcceptAnyCertificate' : idle;
  if (name !== undefined) throw option.invalid(`OutboundOptions.${name}`, 'is up to the dispatcher where one is given');
}
