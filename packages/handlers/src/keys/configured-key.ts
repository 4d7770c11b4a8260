import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';
import { areOneFamily, fits } from '../jose/algorithms.js';
import { VerificationKey } from '../jose/verification-key.js';

/** One public key: PEM (SubjectPublicKeyInfo or a certificate) or a key object. */
export interface ConfiguredPublicKey {
  readonly publicKey: string | KeyObject;
  /** The only key identifier that tokens may name. Default: tokens may name any. */
  readonly kid?: string | undefined;
}

/** One shared secret (HMAC), at least as long as the hash of every algorithm; a text stands for its UTF-8 bytes. */
export interface ConfiguredSecret {
  readonly secret: string | Uint8Array | KeyObject;
  /** The only key identifier that tokens may name. Default: tokens may name any. */
  readonly kid?: string | undefined;
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function configuredPublicKey(
  source: ConfiguredPublicKey,
  name: string,
  algorithms: readonly string[],
): VerificationKey {
  const { publicKey, kid } = option.check(name, source, {
    publicKey: option.unchecked<unknown>(),
    kid: option.optional(option.text),
  });
  const key = readPublicKey(publicKey, `${name}.publicKey`);
  if (!areOneFamily(algorithms)) throw option.invalid(name, 'is one key, for algorithms of one family (RFC 8725 3.1)');
  if (!algorithms.every((algorithm) => fits(key, algorithm))) {
    throw option.invalid(
      `${name}.publicKey`,
      'must fit all algorithms: RSA of 2048 bits or more, or the curve they name',
    );
  }
  return new VerificationKey(kid, key, algorithms);
}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export function configuredSecret(
  source: ConfiguredSecret,
  name: string,
  algorithms: readonly string[],
): VerificationKey {
  const { secret, kid } = option.check(name, source, {
    secret: option.unchecked<unknown>(),
    kid: option.optional(option.text),
  });
  const key = readSecret(secret, `${name}.secret`);
  if (!algorithms.every((algorithm) => fits(key, algorithm))) {
    throw option.invalid(`${name}.secret`, 'must be at least as long as the hash of every algorithm (RFC 7518 3.2)');
  }
  return new VerificationKey(kid, key, algorithms);
}

/** Refuses private keys: a server that verifies tokens must not be able to issue them. */
function readPublicKey(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'public') return value;
  if (typeof value !== 'string' || value.includes('PRIVATE KEY')) throw option.invalid(name, 'must be a public key');
  try {
    return createPublicKey(value);
  } catch {
    throw option.invalid(name, 'must be a public key in PEM');
  }
}

/** PEM is refused: a public key taken for a secret would let everybody issue tokens (CVE-2022-23541). */
function readSecret(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject && value.type === 'secret') return value;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw option.invalid(name, 'must be a non-empty secret');
  if (Buffer.from(bytes).includes('-----BEGIN')) throw option.invalid(name, 'must be a secret and no key in PEM');
  return createSecretKey(bytes);
}
