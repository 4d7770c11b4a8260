import { X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';

/**
 * How proxies write a certificate into a header, by the name of the format. Each throws at a value of another form, and at
 * more than one certificate.
 */
export const FORMATS = Object.freeze({
  /** A byte sequence of structured fields: `:MIIC…:` (RFC 9440 2.1, RFC 9651 3.3.5). Unknown parameters count for nothing. */
  rfc9440: (value: string): X509Certificate => fromDer(bytes(fields().parseItem(value)[0])),
  /** PEM, percent-encoded: `$ssl_client_escaped_cert` of nginx, and `X-Amzn-Mtls-Clientcert` of AWS. */
  pem(value: string): X509Certificate {
    const [, base64] = PEM.exec(decodeURIComponent(value)) ?? [];
    return fromDer(fromBase64((base64 ?? '').replace(/\s/g, '')));
  },
  /** DER in base64: `%[ssl_c_der,base64]` of HAProxy. */
  der: (value: string): X509Certificate => fromDer(fromBase64(value)),
});

export type CertificateFormat = keyof typeof FORMATS;

/** A list of byte sequences (RFC 9440 2.2). */
export function chainFrom(value: string): readonly X509Certificate[] {
  return Object.freeze(
    fields()
      .parseList(value)
      .map(([item]) => fromDer(bytes(item))),
  );
}

let parser: typeof import('structured-headers') | undefined;

/** Loaded with the first certificate: a server that gets none starts without it. */
function fields(): typeof import('structured-headers') {
  parser ??= createRequire(import.meta.url)('structured-headers') as typeof import('structured-headers');
  return parser;
}

const PEM = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytes(item: unknown): Uint8Array {
  if (!(item instanceof ArrayBuffer)) throw new TypeError('no byte sequence');
  return new Uint8Array(item);
}

function fromBase64(text: string): Uint8Array {
  if (text === '' || !BASE64.test(text)) throw new TypeError('no base64');
  return Buffer.from(text, 'base64');
}

/** OpenSSL reads the first certificate and leaves the rest: bytes behind it could be read otherwise by others. */
function fromDer(der: Uint8Array): X509Certificate {
  const certificate = new X509Certificate(der);
  if (Buffer.compare(certificate.raw, der) !== 0) throw new TypeError('no certificate in DER alone');
  return certificate;
}
