import { generate } from 'selfsigned';

/** A key and its self-signed certificate, both PEM. */
export interface DevelopmentCertificate {
  readonly key: string;
  readonly cert: string;
}

const ALTERNATIVE_NAMES = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
] as const;

/** Makes a certificate for this machine's loopback names, good for 30 days. For development only. */
export async function developmentCertificate(): Promise<DevelopmentCertificate> {
  const notAfterDate = new Date(Date.now() + 30 * 86_400_000);
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keySize: 2048,
    notAfterDate,
    extensions: [{ name: 'subjectAltName', altNames: [...ALTERNATIVE_NAMES] }],
  });
  return { key, cert };
}
