import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isSignedByWebCrypto } from '../../../packages/handlers/src/jose/web-crypto.js';

const ELLIPTIC = { dsaEncoding: 'ieee-p1363' } as const;
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const curve = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve });
const edwards = () => generateKeyPairSync('ed25519');

// Workers verify in this way; test/runtimes does it there.
test.each([
  ...['256', '384', '512'].map((bits) => [`RS${bits}`, rsa, `sha${bits}`, {}] as const),
  ...['256', '384', '512'].map((bits) => [`PS${bits}`, rsa, `sha${bits}`, PSS] as const),
  ['ES256', curve('P-256'), 'sha256', ELLIPTIC] as const,
  ['ES384', curve('P-384'), 'sha384', ELLIPTIC] as const,
  ['ES512', curve('P-521'), 'sha512', ELLIPTIC] as const,
  ['EdDSA', edwards, null, {}] as const,
  ['Ed25519', edwards, null, {}] as const,
])(
  'Web Cryptography takes what a key signed by %s, and nothing else (RFC 7518 3.1, RFC 8037 3.1)',
  async (algorithm, keys, hash, parameters) => {
    const { privateKey, publicKey } = keys();
    const data = Buffer.from('header.claims');
    const signature = sign(hash, data, { key: privateKey, ...parameters });
    const changed = Buffer.from(signature);
    changed[10] = (changed[10] as number) ^ 1;
    expect(await isSignedByWebCrypto({ data, signature }, publicKey, algorithm)).toBe(true);
    expect(await isSignedByWebCrypto({ data: Buffer.from('header.other'), signature }, publicKey, algorithm)).toBe(
      false,
    );
    expect(await isSignedByWebCrypto({ data, signature: changed }, publicKey, algorithm)).toBe(false);
    expect(await isSignedByWebCrypto({ data, signature }, keys().publicKey, algorithm)).toBe(false);
  },
);
