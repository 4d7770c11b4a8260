import { createPrivateKey, createSecretKey, KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';

const ELLIPTIC = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'] as const;

/**
 * By the type of key that they need. PBES2 is missing, because it lets the sender choose how long the receiver computes
 * (CVE-2022-36083).
 */
const ALGORITHMS = {
  rsa: ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
  ec: ELLIPTIC,
  x25519: ELLIPTIC,
  secret: ['dir', 'A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW'],
} as const;

/** How the content of a token may be encrypted to its key, for keys of any type. */
export type KeyManagementAlgorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS][number];

const MIN_RSA_BITS = 2_048;

export const DECRYPTION_KEY = option.table('DecryptionKey', {
  /** A private key (PEM or key object), or a shared secret. */
  key: option.withSchema<KeyObject, string | Uint8Array | KeyObject>(option.text.schema, readKey),
  /** The identifier by which tokens name the key. Needed when several keys have the same algorithm. */
  kid: option.optional(option.text),
  /**
   * RSA-OAEP, ECDH-ES, AES key wrap or `dir`, whichever fits the key (RFC 7518 4). Passwords (PBES2) are not supported.
   */
  algorithms: option.someOf<KeyManagementAlgorithm>(...new Set(Object.values(ALGORITHMS).flat())),
  /** How the content is encrypted (RFC 7518 5). */
  contentEncryption: option.someOf('A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'),
});

/** A key that opens encrypted tokens (RFC 7516), and the algorithms that it may be used for. */
export interface DecryptionKey extends option.Given<typeof DECRYPTION_KEY> {}

export interface DecryptionSettings extends option.Kept<typeof DECRYPTION_KEY> {}

export const decryptionKey = option.refined<DecryptionSettings, DecryptionKey, DecryptionSettings>(
  DECRYPTION_KEY,
  (settings, name) => {
    const { key, algorithms, contentEncryption } = settings;
    const types: Readonly<Record<string, readonly string[]>> = ALGORITHMS;
    const known = types[key.type === 'secret' ? 'secret' : (key.asymmetricKeyType ?? '')] ?? [];
    if (!algorithms.every((algorithm) => known.includes(algorithm))) {
      throw option.invalid(`${name}.algorithms`, `must be some of ${known.join(', ')} for this key`);
    }
    if (key.type === 'secret' && !secretBytes(algorithms, contentEncryption).every((n) => n === key.symmetricKeySize)) {
      throw option.invalid(`${name}.key`, 'must be as long as its algorithms say');
    }
    return settings;
  },
);

/**
 * The lengths that a secret must have. The name of the key wrapping states the length. For `dir` the name of the
 * content encryption states it.
 */
function secretBytes(algorithms: readonly string[], contentEncryption: readonly string[]): readonly number[] {
  return algorithms.flatMap((algorithm) =>
    algorithm === 'dir' ? contentEncryption.map((name) => bitsIn(name) / 8) : [bitsIn(algorithm) / 8],
  );
}

/** `A256GCM` needs 256 bits. `A128CBC-HS256` needs 256 bits too, 128 for each of its two keys (RFC 7518 5.2.2.1). */
function bitsIn(name: string): number {
  return Number(/\d{3}(?!.*\d)/.exec(name)?.[0]);
}

function readKey(value: unknown, name: string): KeyObject {
  const key = value instanceof Uint8Array ? createSecretKey(value) : asKeyObject(value, name);
  if (key.type === 'public') throw option.invalid(name, 'must be a private key or a secret');
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS)
    throw option.invalid(name, 'must have at least 2048 bits');
  return key;
}

function asKeyObject(value: unknown, name: string): KeyObject {
  if (value instanceof KeyObject) return value;
  try {
    return createPrivateKey(value as string);
  } catch {
    throw option.invalid(name, 'must be a private key in PEM, a key object or the bytes of a secret');
  }
}
