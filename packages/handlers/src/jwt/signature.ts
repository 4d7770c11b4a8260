import { JWSSignatureVerificationFailed } from 'jose/errors';
import { compactVerify } from 'jose/jws/compact/verify';
import type { VerificationKey } from './verification-key.js';

/** Whether a key signed a token (RFC 7515 5.2), with the one algorithm that was agreed on before. */
export async function isSignedWith(token: string, { key }: VerificationKey, algorithm: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    if (error instanceof JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
