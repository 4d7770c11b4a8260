import type { Malformed } from '@sallyport/core';
import type { ClientCertificate } from '@sallyport/core/extend';
import { clientAddress } from './client-address.js';
import { ForwardedCertificates } from './forwarded-certificates.js';
import { UNIX } from './proxy-networks.js';
import { tlsCertificate } from './tls-certificate.js';

interface ProxyOptions {
  readonly trustedHops: number;
  readonly clientCertificates?: ConstructorParameters<typeof ForwardedCertificates>[0] | undefined;
}

/** A connection of Node, as far as it tells who is at its other end. A mock may have nothing of it. */
type Connection = { readonly remoteAddress?: string | undefined; readonly server?: unknown } | undefined;

/** What the server believes of the proxies in front of it. */
export class TrustedProxies {
  readonly #hops: number;
  readonly #certificates: ForwardedCertificates | undefined;
  /** A server that is closing tells no path any more, and still answers on its connections. */
  readonly #servers = new WeakSet<object>();

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor({ trustedHops, clientCertificates }: ProxyOptions) {
    this.#hops = trustedHops;
    this.#certificates = clientCertificates && new ForwardedCertificates(clientCertificates);
  }

  /** Whether certificates come in a header, instead of the TLS connection. */
  get forwardCertificates(): boolean {
    return this.#certificates !== undefined;
  }

  /** Whether X-Forwarded-For is read. */
  get forwardAddresses(): boolean {
    return this.#hops > 0;
  }

  addressOf(peer: string | undefined, rawHeaders: readonly string[]): string | undefined {
    return clientAddress(peer, rawHeaders, this.#hops);
  }

  certificateOf(connection: Connection, rawHeaders: readonly string[]): ClientCertificate | Malformed | undefined {
    return this.#certificates === undefined
      ? tlsCertificate(connection)
      : this.#certificates.find(this.#peerOf(connection), rawHeaders);
  }

  /** The certificate that a peer forwards, where there is no connection of Node. */
  certificateFrom(peer: string | undefined, rawHeaders: readonly string[]): ClientCertificate | Malformed | undefined {
    return this.#certificates?.find(peer, rawHeaders);
  }

  /** Over a Unix domain socket there is no address: the server listens at a path. A connection that has ended has none, too. */
  #peerOf(connection: Connection): string | undefined {
    if (connection?.remoteAddress !== undefined) return connection.remoteAddress;
    const server = connection?.server as { address?: () => unknown } | null | undefined;
    if (server === null || server === undefined) return undefined;
    if (typeof server.address?.() === 'string') this.#servers.add(server);
    return this.#servers.has(server) ? UNIX : undefined;
  }
}

/** Nobody is trusted: the peer is the client. */
export const NO_PROXIES = new TrustedProxies({ trustedHops: 0 });
