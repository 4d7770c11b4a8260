import { createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** The server's keys as JWKs, to sign with and to verify with. */
export interface SigningKeys {
  readonly privateKeys: readonly JsonWebKey[];
  readonly publicKeys: readonly JsonWebKey[];
}

/** Fresh signing keys, one for each algorithm of the server; they live as long as the process. */
export async function signingKeys(): Promise<SigningKeys> {
  const [rsa, pss, ec, ed] = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
    generate('ed25519', {}),
  ]);
  const named = [
    { key: rsa.privateKey, use: { kid: 'rs256', use: 'sig', alg: 'RS256' } },
    { key: pss.privateKey, use: { kid: 'ps256', use: 'sig', alg: 'PS256' } },
    { key: ec.privateKey, use: { kid: 'es256', use: 'sig', alg: 'ES256' } },
    { key: ed.privateKey, use: { kid: 'eddsa', use: 'sig', alg: 'EdDSA' } },
  ];
  return {
    privateKeys: named.map(({ key, use }) => ({ ...jwk(key), ...use })),
    publicKeys: named.map(({ key, use }) => ({ ...jwk(createPublicKey(key)), ...use })),
  };
}

function jwk(key: KeyObject): JsonWebKey {
  return key.export({ format: 'jwk' });
}
