import { generate } from 'selfsigned';

/** In PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A company that signs the certificates of its servers and clients itself. */
export class Company {
  readonly #authority: Certificate;

  static async found(): Promise<Company> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'company' }], {
      ...KIND,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    });
    return new Company({ key, cert });
  }

  private constructor(authority: Certificate) {
    this.#authority = authority;
  }

  /** The certificate of its authority, which signed itself. */
  get authority(): string {
    return this.#authority.cert;
  }

  async certificateOf(name: string): Promise<Certificate> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
      ...KIND,
      ca: this.#authority,
    });
    return { key, cert };
  }
}

const KIND = { keyType: 'ec', algorithm: 'sha256' } as const;

/** A certificate that nobody else signed. */
export async function ownCertificate(name: string): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], KIND);
  return { key, cert };
}
