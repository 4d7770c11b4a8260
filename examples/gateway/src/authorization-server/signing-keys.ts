import { generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** Fresh private signing keys, one for each algorithm of the server; they live as long as the process. */
export async function signingKeys(): Promise<JsonWebKey[]> {
  const [rsa, pss, ec, ed] = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
    generate('ed25519', {}),
  ]);
  return [
    { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'rs256', use: 'sig', alg: 'RS256' },
    { ...pss.privateKey.export({ format: 'jwk' }), kid: 'ps256', use: 'sig', alg: 'PS256' },
    { ...ec.privateKey.export({ format: 'jwk' }), kid: 'es256', use: 'sig', alg: 'ES256' },
    { ...ed.privateKey.export({ format: 'jwk' }), kid: 'eddsa', use: 'sig', alg: 'EdDSA' },
  ];
}
