import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';
import { fits, isSymmetric, signatureAlgorithms } from '../jose/algorithms.js';

/** What client assertions are signed with. */
export interface AssertionKey {
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
export function assertionKey(
  value: unknown,
  { algorithm, keyId }: { algorithm: string; keyId: string | undefined },
  name: string,
): AssertionKey {
  signatureAlgorithms(algorithm, `${name}.algorithm`);
  if (isSymmetric(algorithm)) throw option.invalid(`${name}.algorithm`, 'must be a public key algorithm');
  const key = readPrivateKey(value, `${name}.privateKey`);
  // A private key tells fewer details about itself than its public half.
  if (!fits(createPublicKey(key), algorithm)) throw option.invalid(`${name}.privateKey`, `must fit ${algorithm}`);
  return { key, algorithm, keyId };
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
export function sharedAssertionKey(secret: string, algorithm: string, name: string): AssertionKey {
  const key = createSecretKey(Buffer.from(secret));
  if (!fits(key, algorithm))
    throw option.invalid(name, `must be at least as long as the hash of ${algorithm} (RFC 7518 3.2)`);
  return { key, algorithm, keyId: undefined };
}

/** The value is named in no error: it is a secret. */
function readPrivateKey(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'private') return value;
  if (typeof value !== 'string') throw option.invalid(name, 'must be a private key');
  try {
    return createPrivateKey(value);
  } catch {
    throw option.invalid(name, 'must be a private key in PEM');
  }
}
