import { type KeyObject, webcrypto } from 'node:crypto';

type Algorithm = webcrypto.RsaHashedImportParams & webcrypto.EcKeyImportParams & { readonly saltLength?: number };

/** Imported keys, by what they were imported from and their algorithm. */
const imported = new WeakMap<KeyObject, Map<string, webcrypto.CryptoKey>>();

/**
 * True when the key signed the bytes with this algorithm. By Web Cryptography, because `verify` of Workers takes no key with
 * parameters.
 */
export async function isSignedByWebCrypto(
  { data, signature }: { readonly data: Uint8Array; readonly signature: Uint8Array },
  key: KeyObject,
  algorithm: string,
): Promise<boolean> {
  const parameters = parametersOf(algorithm);
  return webcrypto.subtle.verify(parameters, await imports(key, algorithm, parameters), signature, data);
}

/** Keeps no promise: one of a request that has ended would never settle in Workers. */
async function imports(key: KeyObject, name: string, algorithm: Algorithm): Promise<webcrypto.CryptoKey> {
  const known = imported.get(key)?.get(name);
  if (known !== undefined) return known;
  const made = await webcrypto.subtle.importKey('jwk', key.export({ format: 'jwk' }), algorithm, false, ['verify']);
  imported.set(key, (imported.get(key) ?? new Map()).set(name, made));
  return made;
}

/** The salt of PSS is as long as the hash (RFC 7518 3.5); ES512 is for P-521 (RFC 7518 3.4). */
function parametersOf(algorithm: string): Algorithm {
  const bits = algorithm.slice(2);
  const hash = `SHA-${bits}`;
  const parameters = algorithm.startsWith('RS')
    ? { name: 'RSASSA-PKCS1-v1_5', hash }
    : algorithm.startsWith('PS')
      ? { name: 'RSA-PSS', hash, saltLength: Number(bits) / 8 }
      : algorithm.startsWith('ES')
        ? { name: 'ECDSA', hash, namedCurve: `P-${bits === '512' ? '521' : bits}` }
        : { name: 'Ed25519' };
  return parameters as Algorithm;
}
