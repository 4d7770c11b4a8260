import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '@sallyport/core/extend';

/** The certificate that the peer of a connection showed to this server; undefined without TLS. */
export function tlsCertificate(socket: object | undefined): ClientCertificate | undefined {
  const connection = socket as Partial<TLSSocket> | undefined;
  const x509 = connection?.getPeerX509Certificate?.();
  return x509 && new TlsCertificate(connection as TLSSocket, x509);
}

class TlsCertificate implements ClientCertificate {
  readonly x509: X509Certificate;
  readonly isVerified: boolean;
  readonly #connection: TLSSocket;

  constructor(connection: TLSSocket, x509: X509Certificate) {
    this.x509 = x509;
    this.isVerified = connection.authorized === true;
    this.#connection = connection;
  }

  /** Read only where somebody asks: Node takes all of them apart. */
  get chain(): readonly X509Certificate[] {
    const chain: X509Certificate[] = [];
    const seen = new Set<object>();
    // The last one names itself as its issuer.
    for (let one = this.#connection.getPeerCertificate(true); one?.raw && !seen.has(one); one = one.issuerCertificate) {
      if (seen.size > 0) chain.push(new X509Certificate(one.raw));
      seen.add(one);
    }
    return chain;
  }
}
