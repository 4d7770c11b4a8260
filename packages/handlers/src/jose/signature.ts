import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { VerificationKey } from './verification-key.js';

/** A signed text and its signature. */
export interface SignedText {
  readonly signingInput: string;
  /** Still encoded. */
  readonly signature: string;
}

/**
 * True when the key signed the text with this algorithm (RFC 7515 5.2). No other algorithm is tried. Public-key
 * signatures are checked in the thread pool, several at once, so the event loop goes on.
 */
export function isSignedWith(signed: SignedText, { key }: VerificationKey, algorithm: string): Promise<boolean> {
  const data = Buffer.from(signed.signingInput, 'latin1');
  const signature = Buffer.from(signed.signature, 'base64url');
  const hash = algorithm === 'EdDSA' || algorithm === 'Ed25519' ? null : `sha${algorithm.slice(2)}`;
  if (key.type === 'secret' && hash !== null) return Promise.resolve(isHmac({ data, signature }, key, hash));
  const { promise, callback } = outcome();
  verify(hash, data, { key, ...parametersOf(algorithm) }, signature, callback);
  return promise;
}

function isHmac({ data, signature }: { data: Buffer; signature: Buffer }, key: KeyObject, hash: string): boolean {
  const expected = createHmac(hash, key).update(data).digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

/**
 * An ECDSA signature is two numbers side by side (RFC 7518 3.4). The salt of PSS is as long as the hash (RFC 7518 3.5).
 */
function parametersOf(algorithm: string): object {
  if (algorithm.startsWith('ES')) return { dsaEncoding: 'ieee-p1363' };
  if (!algorithm.startsWith('PS')) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function outcome(): { promise: Promise<boolean>; callback: (error: Error | null, result: boolean) => void } {
  let callback: (error: Error | null, result: boolean) => void = () => {};
  const promise = new Promise<boolean>((resolve, reject) => {
    callback = (error, result) => (error === null ? resolve(result) : reject(error));
  });
  return { promise, callback };
}
