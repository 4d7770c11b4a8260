import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** The algorithms that can sign the tokens of a test (RFC 7518 3.1, RFC 8037 3.1). */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

/** A key of a test's authorization server. It signs with node:crypto, so a test needs no JOSE library. */
export class SigningKey {
  readonly kid: string = randomUUID();
  readonly algorithm: SigningAlgorithm;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(algorithm: SigningAlgorithm) {
    const { privateKey, publicKey } = keyPair(algorithm);
    this.algorithm = algorithm;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** The public key as a JWK set publishes it (RFC 7517 4). */
  get jwk(): object {
    return { ...this.#publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.algorithm, use: 'sig' };
  }

  /**
   * A JWS in compact serialization (RFC 7515 7.1). Members of `header` are added to `alg` and `kid`, or replace them.
   */
  sign(header: object, claims: object): string {
    const signed = [{ alg: this.algorithm, kid: this.kid, ...header }, claims].map(encoded).join('.');
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' as const };
    const signature = sign(this.algorithm === 'EdDSA' ? null : 'sha256', Buffer.from(signed), key);
    return `${signed}.${signature.toString('base64url')}`;
  }
}

function keyPair(algorithm: SigningAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
