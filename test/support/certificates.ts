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

/** The order of P-256 (FIPS 186-4 D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const der = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return der(2, (bytes[0] as number) >= 128 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/**
 * The same certificate with the other signature that ECDSA has for it, `n - s` in place of `s`: whoever holds the certificate can
 * make it. Its issuer verifies it as before, and its thumbprint is another.
 */
export function respelt({ raw }: X509Certificate): X509Certificate {
  const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex');
  const at = raw.lastIndexOf(algorithm);
  // A bit string without unused bits, and in it a sequence of two integers.
  const signature = raw.subarray(at + algorithm.length + 5);
  const rEnds = 2 + (signature[1] as number);
  const s = BigInt(`0x${signature.subarray(rEnds + 2).toString('hex')}`);
  const pair = der(0x30, Buffer.concat([signature.subarray(0, rEnds), derInteger(ORDER - s)]));
  const signed = raw.subarray(4, at + algorithm.length);
  return new X509Certificate(der(0x30, Buffer.concat([signed, der(3, Buffer.concat([Buffer.from([0]), pair]))])));
}
