import { constants, createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';

/** A pair of keys with which tests issue tokens. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** What a key server publishes. */
  readonly jwk: JsonWebKey & { kid: string; alg: string; use: string };
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function newKey(algorithm: string, kid: string = algorithm.toLowerCase()): SigningKey {
  const { privateKey, publicKey } = newPair(algorithm);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, jwk };
}

function newPair(algorithm: string): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = CURVES[algorithm];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  if (/^Ed/.test(algorithm)) return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2_048 });
}

/** Signs what a token's first two parts are, whatever they say (RFC 7515 5.1). */
export function signatureOf(input: string, algorithm: string, key: KeyObject): Buffer {
  const hash = /^Ed/.test(algorithm) ? null : `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(String(hash), key).update(input).digest();
  const data = Buffer.from(input);
  if (algorithm.startsWith('ES')) return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  if (!algorithm.startsWith('PS')) return sign(hash, data, key);
  const saltLength = Number(algorithm.slice(2)) / 8;
  return sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

/** A token of any two JSON texts. */
export function tokenOf(header: string, claims: string | Uint8Array, algorithm: string, key: KeyObject): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${base64url(signatureOf(input, algorithm, key))}`;
}
