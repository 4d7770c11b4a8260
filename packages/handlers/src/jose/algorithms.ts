import type { KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';

/** What a signature algorithm demands of keys and signatures (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2.2). */
interface JwsAlgorithm {
  readonly keyType: 'rsa' | 'ec' | 'ed25519' | 'secret';
  /** The only curve, by OpenSSL's name. */
  readonly curve?: string;
  /** The least length of a secret, which is the length of the hash (RFC 7518 3.2). */
  readonly minSecretBytes?: number;
  /** The only length of a signature, where the algorithm fixes it (RFC 7518 3.4, RFC 8032 5.1.6). */
  readonly signatureBytes?: number;
}

const RSA: JwsAlgorithm = { keyType: 'rsa' };
const ED25519: JwsAlgorithm = { keyType: 'ed25519', signatureBytes: 64 };

/**
 * A signature algorithm that the handlers verify (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2.2). `none` is not among them. The
 * list is closed, because any other name is refused at construction. A name that comes as a text, such as from the
 * environment, is cast: `process.env.ALGORITHM as SignatureAlgorithm`. Construction checks it.
 */
export type SignatureAlgorithm = PublicKeyAlgorithm | SecretAlgorithm;

export type SecretAlgorithm = 'HS256' | 'HS384' | 'HS512';

export type PublicKeyAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

const OF_SECRETS: Readonly<Record<SecretAlgorithm, JwsAlgorithm>> = {
  HS256: { keyType: 'secret', minSecretBytes: 32, signatureBytes: 32 },
  HS384: { keyType: 'secret', minSecretBytes: 48, signatureBytes: 48 },
  HS512: { keyType: 'secret', minSecretBytes: 64, signatureBytes: 64 },
};

const OF_PUBLIC_KEYS: Readonly<Record<PublicKeyAlgorithm, JwsAlgorithm>> = {
  RS256: RSA,
  RS384: RSA,
  RS512: RSA,
  PS256: RSA,
  PS384: RSA,
  PS512: RSA,
  ES256: { keyType: 'ec', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { keyType: 'ec', curve: 'secp384r1', signatureBytes: 96 },
  ES512: { keyType: 'ec', curve: 'secp521r1', signatureBytes: 132 },
  EdDSA: ED25519,
  Ed25519: ED25519,
};

/** All supported algorithms. `none` is not among them and cannot be configured. */
const ALGORITHMS: ReadonlyMap<string, JwsAlgorithm> = new Map(Object.entries({ ...OF_PUBLIC_KEYS, ...OF_SECRETS }));

/** RFC 7518 3.3 and 3.5. */
const MIN_RSA_BITS = 2_048;
const MIN_RSA_EXPONENT = 65_537n;

export const PUBLIC_KEY_ALGORITHMS = Object.keys(OF_PUBLIC_KEYS) as readonly PublicKeyAlgorithm[];
export const SECRET_ALGORITHMS = Object.keys(OF_SECRETS) as readonly SecretAlgorithm[];

/** The option check of an algorithm list: signature algorithms by name, one or more. */
export const signatureAlgorithms = option.someOf<SignatureAlgorithm>(...PUBLIC_KEY_ALGORITHMS, ...SECRET_ALGORITHMS);

export function isSymmetric(algorithm: string): boolean {
  return ALGORITHMS.get(algorithm)?.keyType === 'secret';
}

/**
 * True when one key may serve all of these algorithms. Their hashes may differ, their way of signing may not
 * (RFC 8725 3.1).
 */
export function areOneFamily(algorithms: readonly string[]): boolean {
  return new Set(algorithms.map((algorithm) => algorithm.slice(0, 2))).size <= 1;
}

/** True when a key has the type that an algorithm needs, and is strong enough for it. */
export function fits(key: KeyObject, algorithm: string): boolean {
  const wanted = ALGORITHMS.get(algorithm);
  if (key.type === 'secret') return (key.symmetricKeySize ?? 0) >= (wanted?.minSecretBytes ?? Number.POSITIVE_INFINITY);
  if (wanted === undefined || key.asymmetricKeyType !== wanted.keyType) return false;
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (wanted.keyType === 'rsa') return modulusLength >= MIN_RSA_BITS && publicExponent >= MIN_RSA_EXPONENT;
  return wanted.curve === undefined || namedCurve === wanted.curve;
}

const QUICK_CURVE = 'prime256v1';
const MAX_QUICK_RSA_BITS = 4_096;

/** True for keys in common use, by which a signature is checked in less than a tenth of a millisecond (bench: jwt). */
export function isQuick({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): boolean {
  const { namedCurve, modulusLength = 0, publicExponent } = details;
  if (type === 'rsa') return modulusLength <= MAX_QUICK_RSA_BITS && publicExponent === MIN_RSA_EXPONENT;
  return type === 'ed25519' || namedCurve === QUICK_CURVE;
}

/** True when a signature in canonical base64url has the length that the algorithm fixes, if it fixes one. */
export function hasSignatureLength(signature: string, algorithm: string): boolean {
  const bytes = ALGORITHMS.get(algorithm)?.signatureBytes;
  return bytes === undefined || Math.floor((signature.length * 3) / 4) === bytes;
}
