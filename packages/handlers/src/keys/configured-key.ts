import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';
import { areOneFamily, fits } from '../jose/algorithms.js';
import { VerificationKey } from '../jose/verification-key.js';

/** Refuses private keys: a server that verifies tokens must not be able to issue them. */
const publicKey = option.withSchema<KeyObject, string | KeyObject>(option.text.schema, (value, name) => {
  if (value instanceof KeyObject && value.type === 'public') return value;
  if (typeof value !== 'string' || value.includes('PRIVATE KEY')) throw option.invalid(name, 'must be a public key');
  try {
    return createPublicKey(value);
  } catch {
    throw option.invalid(name, 'must be a public key in PEM');
  }
});

/** PEM is refused: a public key taken for a secret would let everybody issue tokens (CVE-2022-23541). */
const secret = option.withSchema<KeyObject, string | Uint8Array | KeyObject>(option.text.schema, (value, name) => {
  if (value instanceof KeyObject && value.type === 'secret') return value;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw option.invalid(name, 'must be a non-empty secret');
  if (Buffer.from(bytes).includes('-----BEGIN')) throw option.invalid(name, 'must be a secret and no key in PEM');
  return createSecretKey(bytes);
});

const PUBLIC_KEY = option.table('ConfiguredPublicKey', {
  /** PEM (SubjectPublicKeyInfo or a certificate) or a key object. */
  publicKey,
  /** The only key identifier that tokens may name. Default: tokens may name any. */
  kid: option.optional(option.text),
});

/** One public key: PEM (SubjectPublicKeyInfo or a certificate) or a key object. */
export interface ConfiguredPublicKey extends option.Given<typeof PUBLIC_KEY> {}

export interface PublicKeySettings extends option.Kept<typeof PUBLIC_KEY> {}

export const configuredPublicKey: option.Table<PublicKeySettings, ConfiguredPublicKey> = PUBLIC_KEY;

const SECRET = option.table('ConfiguredSecret', {
  /** At least as long as the hash of every algorithm; a text stands for its UTF-8 bytes. */
  secret,
  /**
   * Takes a shorter secret, for tokens that users have already: whoever has one of them can guess it, and then sign for
   * anybody. Warns at start.
   */
  allowShortSecret: option.withDefault(option.flag, false),
  /** The only key identifier that tokens may name. Default: tokens may name any. */
  kid: option.optional(option.text),
});

/** One shared secret (HMAC), at least as long as the hash of every algorithm; a text stands for its UTF-8 bytes. */
export interface ConfiguredSecret extends option.Given<typeof SECRET> {}

export interface SecretSettings extends option.Kept<typeof SECRET> {}

export const configuredSecret: option.Table<SecretSettings, ConfiguredSecret> = SECRET;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when the key does not fit the algorithms */
export function keyFrom(
  source: PublicKeySettings | SecretSettings,
  name: string,
  algorithms: readonly string[],
): VerificationKey {
  const key = 'secret' in source ? fitSecret(source, name, algorithms) : fitKey(source.publicKey, name, algorithms);
  return new VerificationKey(source.kid, key, algorithms);
}

function fitKey(key: KeyObject, name: string, algorithms: readonly string[]): KeyObject {
  if (!areOneFamily(algorithms)) throw option.invalid(name, 'is one key, for algorithms of one family (RFC 8725 3.1)');
  if (algorithms.every((algorithm) => fits(key, algorithm))) return key;
  throw option.invalid(
    `${name}.publicKey`,
    'must fit all algorithms: RSA of 2048 bits or more, or the curve they name',
  );
}

function fitSecret(
  { secret: key, allowShortSecret }: SecretSettings,
  name: string,
  algorithms: readonly string[],
): KeyObject {
  if (allowShortSecret || algorithms.every((algorithm) => fits(key, algorithm))) return key;
  throw option.invalid(`${name}.secret`, 'must be at least as long as the hash of every algorithm (RFC 7518 3.2)');
}
