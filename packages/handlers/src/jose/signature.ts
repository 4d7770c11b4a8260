import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { VerificationKey } from './verification-key.js';

/** What is signed, and with what. */
export interface SignedText {
  readonly signingInput: string;
  /** Still encoded. */
  readonly signature: string;
}

/**
 * Whether a key signed a text (RFC 7515 5.2), with the one algorithm that was agreed on before. Public keys work in the
 * thread pool, where signatures of other requests are checked at the same time, and the event loop goes on.
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

/** RFC 7518 3.4 and 3.5: both halves of an ECDSA signature side by side, a salt as long as the hash for PSS. */
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
