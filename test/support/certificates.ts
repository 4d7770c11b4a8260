import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Good for every clock of a test, and for TLS. */
const FROM = new Date('2020-01-01T00:00:00Z');
const UNTIL = new Date('2099-01-01T00:00:00Z');

export const CLIENT_AUTH = x509.ExtendedKeyUsage.clientAuth;
export const SERVER_AUTH = x509.ExtendedKeyUsage.serverAuth;

/** What a certificate says. */
export interface Wish {
  readonly subject?: x509.JsonName;
  readonly names?: x509.JsonGeneralName[];
  readonly uses?: readonly string[];
  readonly isAuthority?: boolean;
  readonly from?: Date;
  readonly until?: Date;
  readonly serial?: string;
  /** Default: itself. */
  readonly by?: Issued;
}

/** A certificate with its key, both in PEM and as Node reads them. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly x509: X509Certificate;
  readonly signer: { readonly name: x509.Name; readonly keys: CryptoKeyPair };
}

type CryptoKeyPair = Awaited<ReturnType<typeof newKeys>>;

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

let serial = 1;

/** Issues a certificate with a key of its own, valid from 2020 to 2099 unless the wish says otherwise. */
export async function issue(wish: Wish = {}): Promise<Issued> {
  const keys = await newKeys();
  const name = new x509.Name(wish.subject ?? [{ CN: ['client'] }]);
  const { names = [], uses = [], isAuthority = false, by } = wish;
  serial += 1;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: wish.serial ?? serial.toString(16).padStart(4, '0'),
    subject: name.toJSON(),
    issuer: (by?.signer.name ?? name).toJSON(),
    notBefore: wish.from ?? FROM,
    notAfter: wish.until ?? UNTIL,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (by?.signer.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ...(uses.length > 0 ? [new x509.ExtendedKeyUsageExtension([...uses])] : []),
    ],
  } as x509.X509CertificateCreateParams);
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: `${made.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    x509: new X509Certificate(Buffer.from(made.rawData)),
    signer: { name, keys },
  };
}

/** An authority of its own. */
export function authority(name: string, wish: Wish = {}): Promise<Issued> {
  return issue({ subject: [{ CN: [name] }], isAuthority: true, ...wish });
}
