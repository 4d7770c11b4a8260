import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { checkOptions, invalid, optionalOption, text, unchecked } from '@sallyport/core';
import { areOneFamily, fits } from './algorithms.js';
import type { ConfiguredPublicKey, ConfiguredSecret } from './key-source.js';
import { VerificationKey } from './verification-key.js';

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function configuredPublicKey(
  source: ConfiguredPublicKey,
  name: string,
  algorithms: readonly string[],
): VerificationKey {
  const { publicKey, kid } = checkOptions(name, source, {
    publicKey: unchecked<unknown>(),
    kid: optionalOption(text),
  });
  const key = readPublicKey(publicKey, `${name}.publicKey`);
  if (!areOneFamily(algorithms)) throw invalid(name, 'is one key, for algorithms of one family (RFC 8725 3.1)');
  if (!algorithms.every((algorithm) => fits(key, algorithm))) {
    throw invalid(`${name}.publicKey`, 'must fit all algorithms: RSA of 2048 bits or more, or the curve they name');
  }
  return new VerificationKey(kid, key, algorithms);
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function configuredSecret(
  source: ConfiguredSecret,
  name: string,
  algorithms: readonly string[],
): VerificationKey {
  const { secret, kid } = checkOptions(name, source, { secret: unchecked<unknown>(), kid: optionalOption(text) });
  const key = readSecret(secret, `${name}.secret`);
  if (!algorithms.every((algorithm) => fits(key, algorithm))) {
    throw invalid(`${name}.secret`, 'must be at least as long as the hash of every algorithm (RFC 7518 3.2)');
  }
  return new VerificationKey(kid, key, algorithms);
}

/** A private key would do, but has no business here: whoever verifies tokens must not be able to issue them. */
function readPublicKey(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'public') return value;
  if (typeof value !== 'string' || value.includes('PRIVATE KEY')) throw invalid(name, 'must be a public key');
  try {
    return createPublicKey(value);
  } catch {
    throw invalid(name, 'must be a public key in PEM');
  }
}

/** PEM is refused: a public key taken for a secret would let everybody issue tokens (CVE-2022-23541). */
function readSecret(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'secret') return value;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw invalid(name, 'must be a non-empty secret');
  if (Buffer.from(bytes).includes('-----BEGIN')) throw invalid(name, 'must be a secret and no key in PEM');
  return createSecretKey(bytes);
}
