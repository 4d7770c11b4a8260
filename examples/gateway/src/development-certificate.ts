import { generate } from 'selfsigned';

/** A key and its certificate, both PEM. */
export interface DevelopmentCertificate {
  readonly key: string;
  readonly cert: string;
}

const ALTERNATIVE_NAMES = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
] as const;

const IN_A_MONTH = () => new Date(Date.now() + 30 * 86_400_000);

/** Makes a certificate for this machine's loopback names, good for 30 days. For development only. */
export async function developmentCertificate(): Promise<DevelopmentCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keySize: 2048,
    notAfterDate: IN_A_MONTH(),
    extensions: [{ name: 'subjectAltName', altNames: [...ALTERNATIVE_NAMES] }],
  });
  return { key, cert };
}

const CLIENT_KEYS = { keyType: 'ec', algorithm: 'sha256' } as const;

/** An authority that signs the certificates of clients, and nothing else. For development only. */
export class DevelopmentAuthority {
  readonly #own: DevelopmentCertificate;

  static async found(): Promise<DevelopmentAuthority> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'machines of the gateway' }], {
      ...CLIENT_KEYS,
      notAfterDate: IN_A_MONTH(),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    });
    return new DevelopmentAuthority({ key, cert });
  }

  private constructor(own: DevelopmentCertificate) {
    this.#own = own;
  }

  get certificate(): string {
    return this.#own.cert;
  }

  async issue(commonName: string): Promise<DevelopmentCertificate> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
      ...CLIENT_KEYS,
      notAfterDate: IN_A_MONTH(),
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
      ca: this.#own,
    });
    return { key, cert };
  }
}
