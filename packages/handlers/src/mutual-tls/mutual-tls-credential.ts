import { type ClientCertificate, fingerprint, thumbprintOf } from '@sallyport/core/extend';

/** The certificate of a client. */
export class MutualTlsCredential {
  readonly certificate: ClientCertificate;
  readonly thumbprint: string;

  constructor(certificate: ClientCertificate) {
    this.certificate = certificate;
    this.thumbprint = thumbprintOf(certificate.x509);
  }

  /** For traces. */
  fingerprint(): string {
    return fingerprint(this.thumbprint);
  }
}
