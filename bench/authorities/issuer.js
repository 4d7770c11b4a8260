// An issuer of JWTs and its tokens, and the least work that proves one.
import { constants, generateKeyPairSync, sign, verify } from 'node:crypto';

export const ISSUER = 'https://as.example.com';
export const AUDIENCE = 'https://api.example.com';

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const P1363 = { dsaEncoding: 'ieee-p1363' };
export const ALGORITHMS = {
  RS256: { pair: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }), digest: 'sha256', parameters: {} },
  PS256: { pair: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }), digest: 'sha256', parameters: PSS },
  ES256: { pair: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), digest: 'sha256', parameters: P1363 },
  EdDSA: { pair: () => generateKeyPairSync('ed25519'), digest: null, parameters: {} },
};

export const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An issuer with one key, and tokens of about 700 characters that differ in their jti; or several that share the key. */
export function issuerOf(alg, count, nameOf = () => ISSUER) {
  const { pair, digest, parameters } = ALGORITHMS[alg];
  const { publicKey, privateKey } = pair();
  const now = Math.floor(Date.now() / 1_000);
  const header = encoded({ alg, typ: 'at+jwt', kid: 'key-1' });
  const tokens = Array.from({ length: count }, (_, index) => {
    const input = `${header}.${encoded({
      iss: nameOf(index),
      sub: `user-${100_000 + index}`,
      aud: AUDIENCE,
      client_id: 'web-shop',
      scope: 'orders:read orders:write profile email',
      iat: now,
      exp: now + 3_600,
      jti: `0b5d1fd4-9f1c-4d3e-a6a8-${String(index).padStart(12, '0')}`,
    })}`;
    const signature = sign(digest, Buffer.from(input), { key: privateKey, ...parameters });
    return `${input}.${signature.toString('base64url')}`;
  });
  return { alg, publicKey, digest, parameters, tokens };
}

/** A header brings a new string each time; one that was looked up before would bring its hash along. */
export const fresh = (text) => Buffer.from(text, 'latin1').latin1Slice();

/** The least work that proves a token: signature, then claims. */
export function verifySync({ publicKey, digest, parameters }, token) {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (!verify(digest, Buffer.from(token.slice(0, end)), { key: publicKey, ...parameters }, signature))
    throw new Error();
  return claimsOf(token);
}

/** The same, in the thread pool. */
export function verifyAsync({ publicKey, digest, parameters }, token) {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  return new Promise((resolve, reject) => {
    verify(digest, Buffer.from(token.slice(0, end)), { key: publicKey, ...parameters }, signature, (error, isRight) =>
      isRight ? resolve(claimsOf(token)) : reject(error ?? new Error()),
    );
  });
}

function claimsOf(token) {
  const [, claims] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
