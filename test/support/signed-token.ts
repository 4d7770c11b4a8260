import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://orders.example';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The public key of the issuer, PEM. */
export const ISSUER_PUBLIC_KEY = String(publicKey.export({ type: 'spki', format: 'pem' }));

/** An access token of the issuer (RFC 9068 2); `key` signs it instead of the issuer's. */
export function signedToken(
  subject: string,
  scope: string,
  key: KeyObject = privateKey,
  lifetimeSeconds: number = 60,
): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: subject,
    client_id: 'shop',
    scope,
    iat: now,
    exp: now + lifetimeSeconds,
  };
  const signed = [
    { alg: 'ES256', typ: 'at+jwt' },
    { ...claims, jti: randomUUID() },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
