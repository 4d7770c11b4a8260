import type { ConfigurationError } from '@sallyport/core';
import { option, runtime } from '@sallyport/core/extend';
import type { Dispatcher } from 'undici';
import type { Fetch } from './fetched-connections.js';

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
  /**
   * A function that makes the calls in place of the client's own connections, as the global `fetch` would, such as that of a
   * binding of Workers. It gets a URL, and `method`, `headers`, `body`, `redirect: 'manual'` and `signal`. Proxies and
   * certificates are up to it then, too.
   */
  fetch: option.optional(option.callable<Fetch>()),
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

const MADE_BY_OTHERS = [
  'certificateAuthorities',
  'clientCertificate',
  'proxy',
  'dangerouslyAcceptAnyCertificate',
] as const;

/**
 * Refuses options that would have no effect.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkConnections(settings: ConnectionSettings): void {
  const { dispatcher, fetch, clientCertificate, proxy } = settings;
  const maker = makerOf(settings);
  const idle = MADE_BY_OTHERS.find((name) => settings[name] !== undefined && settings[name] !== false);
  if (maker !== undefined && idle !== undefined) throw invalid(idle, `is up to ${maker}`);
  if (dispatcher !== undefined && fetch !== undefined)
    throw invalid('dispatcher', 'must be absent where fetch is given');
  if (runtime === 'bun' && clientCertificate !== undefined && proxy !== undefined)
    throw invalid('clientCertificate', 'must be absent where a proxy is given, which Bun may show it');
}

/** Who decides about connections, if that is not the client. */
function makerOf({ dispatcher, fetch }: ConnectionSettings): string | undefined {
  if (dispatcher !== undefined) return 'the dispatcher where one is given';
  if (fetch !== undefined) return 'fetch where one is given';
  return runtime === 'workers' ? 'Workers: give the fetch of a binding, such as one with a certificate' : undefined;
}

function invalid(name: string, rule: string): ConfigurationError {
  return option.invalid(`OutboundOptions.${name}`, rule);
}
